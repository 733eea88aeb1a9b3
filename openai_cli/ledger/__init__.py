"""A record of what calls used and cost, shared by all processes, and the budgets over it."""
