"""The pages of contributors, moderators and administrators."""
