"""Measures engines side by side (`rangkul bench nlu`); nothing in a running bot imports this."""
