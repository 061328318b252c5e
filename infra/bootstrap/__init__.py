"""What is done beside the stacks, by whoever has an account: before the first `up`, and after each."""
