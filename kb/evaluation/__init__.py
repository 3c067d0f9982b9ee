"""Evaluation: how well a ranking meets needs whose answers are known.

files       queries, qrels and runs: BEIR's layout in, TREC's run files out and in
metrics     one ranking and the grades of its query, as one number
comparison  means over queries, and two runs compared, each with how far it can be believed
sets        a development set: a folder with queries, qrels and what they are about
bases       a set's records as a knowledge base, and embeddings that are not made twice
ablation    the rankings that are compared, and their runs
silence     whether what nothing answers is told from what something does
tables      all of it as text and as JSON
"""
