"""Benefits and contributions: pure arithmetic over facts, by date, in whole rupiah."""
