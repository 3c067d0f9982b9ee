"""Evaluation: how well a ranking meets needs whose answers are known.

files       queries, qrels and runs: BEIR's layout in, TREC's run files out and in
metrics     a ranking and the grades of its query, as a number
comparison  means over queries and differences of two runs, each with its uncertainty
sets        a development set: a folder with queries, qrels and what they are about
bases       a set's records as a knowledge base, each text embedded once
worlds      a ranking without the own cases of those who should be found
fit_counts  how many hits of each fit are right
ablation    the rankings that are compared, their runs, and when they stay silent
figures     the figures of runs on a set, part by part
tables      the figures as text and as JSON
summary     the figures of many sets in a few tables
"""
