"""From results to one HTML page and its figures; computes no statistics."""
