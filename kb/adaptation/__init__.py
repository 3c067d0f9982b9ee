"""An encoder that knows trades: a small change to a model's weights, and an index of trades."""
