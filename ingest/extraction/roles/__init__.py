"""What each participant did, by the verbs and nouns around its mentions."""
