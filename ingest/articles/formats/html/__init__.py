"""HTML: the tree, its regions, the blocks in order, and what a page declares about itself."""
