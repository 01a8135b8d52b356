"""Russian words of what only an upload can have: code -> (title, what is wrong, how to mend it)."""

from __future__ import annotations

UPLOAD_TEXTS: dict[str, tuple[str, str, str]] = {
    "other-institution": (
        "Строки другой организации",
        "ссылка выдана организации {allowed}, а в этих строках названа другая: {cells}.",
        "Отправьте только строки организации {allowed} или исправьте название в этих строках.",
    ),
    "other-cohort": (
        "Строки другого потока",
        "загружается поток {allowed}, а в этих строках назван другой: {cells}.",
        "Отправьте каждый поток отдельным файлом или исправьте эти строки.",
    ),
}
