"""The pages and the API of the board: needs and offers, their answers, what becomes of them."""
