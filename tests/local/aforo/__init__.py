"""The stand-in for Aforo: what the product is tested against (README.md in this folder)."""
