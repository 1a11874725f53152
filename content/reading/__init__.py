"""Turns the files under content/ into the shapes of `content.model`, collecting every problem on the way."""
