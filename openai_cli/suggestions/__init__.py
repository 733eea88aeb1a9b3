"""What may have been meant by a name that there is not, or by the form of another tool."""
