"""What other sites show of a page that is shared there: a picture with its title."""
