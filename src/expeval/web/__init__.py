"""The pages where teachers upload their cohorts and a coordinator sees them: no statistics, no logic of uploads."""
