"""What a stack would be, before anything is: resources, picture, cost, policy findings, what changes."""
