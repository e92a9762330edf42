"""AWS in memory, as boto3's clients see it, on the simulation's clock."""
