"""From text to unit vectors: the seam, the engines that run a model, the default weights."""
