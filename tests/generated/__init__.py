"""Valid fabrics that nobody thought of: drawn by hypothesis from everything that a fabric file can say."""
