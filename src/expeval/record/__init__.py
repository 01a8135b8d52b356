"""What makes a run repeatable: the manifest, and a folder that appears whole or not at all."""
