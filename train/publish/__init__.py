"""Models and Spaces pushed to the Hugging Face Hub."""
