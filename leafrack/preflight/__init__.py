"""The declared fabric held against the world: what an update would harm, and what has drifted."""
