"""From records to what finds them: passages, embeddings, the FAISS index that follows the store."""
