"""The benchmarks of `rangkul bench`. They measure; nothing in a running bot imports them."""
