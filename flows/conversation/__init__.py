"""Conversations: one turn, forms, questions, and the actions that content may name."""
