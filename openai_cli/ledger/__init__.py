"""What calls took and cost, kept over all processes, and the budgets that hold over them."""
