"""The declared fabric compared with the world: what an update would harm, and what has drifted."""
