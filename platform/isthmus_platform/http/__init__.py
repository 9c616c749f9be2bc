"""HTTP entries of the platform: each module gives a blueprint factory that takes what it needs."""
