"""English words of what only an upload can have: code -> (title, what is wrong, how to mend it)."""

from __future__ import annotations

UPLOAD_TEXTS: dict[str, tuple[str, str, str]] = {
    "other-institution": (
        "Rows of another institution",
        "the link is for {allowed}, and these rows name another institution: {cells}.",
        "Send only the rows of {allowed}, or correct the name in these rows.",
    ),
    "other-cohort": (
        "Rows of another cohort",
        "the upload is of the cohort {allowed}, and these rows name another one: {cells}.",
        "Send each cohort in a file of its own, or correct these rows.",
    ),
}
