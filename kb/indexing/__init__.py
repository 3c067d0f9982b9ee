"""Indexing of records: passages, embeddings, and the FAISS index that follows the store."""
