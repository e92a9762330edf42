"""Real processes killed under traffic, and the books afterwards."""
