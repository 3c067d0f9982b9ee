"""Evaluation: how well a ranking meets needs whose answers are known."""
