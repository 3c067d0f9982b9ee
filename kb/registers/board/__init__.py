"""The board: needs and offers that people make known, their answers, and those that fit."""
