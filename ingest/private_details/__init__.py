"""What an article tells of persons that may be private: found, for a moderator to decide."""
