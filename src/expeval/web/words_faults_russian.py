"""What is wrong with a file, in the words of a teacher, in Russian; what is not here is said as everywhere else."""

from __future__ import annotations

_EMPTY = " Если результата нет, оставьте ячейку пустой."
_ASK = "Обратитесь к координатору исследования."

FAULT_TEXTS: dict[str, str | tuple[str, ...]] = {
    "fault-not-a-level-wrong": "В столбце «{column}» может стоять только {allowed}. Сейчас там {cells}.",
    "fault-not-a-level-mend": "Выберите верное значение." + _EMPTY,
    "fault-not-a-number-wrong": "В столбце «{column}» должно стоять число. Сейчас там {cells}.",
    "fault-not-a-number-mend": "Впишите верное число." + _EMPTY,
    "fault-outside-range-wrong": "В столбце «{column}» допустимы числа {allowed}. Сейчас там {cells}.",
    "fault-outside-range-mend": "Впишите верное число." + _EMPTY,
    "fault-not-finite-wrong": "В столбце «{column}» должно стоять обычное число. Сейчас там {cells}.",
    "fault-not-finite-mend": "Впишите верное число." + _EMPTY,
    "fault-date-in-cell-wrong": "В столбце «{column}» вместо числа стоит дата: {cells}.",
    "fault-date-in-cell-mend": "Программа приняла запись вроде 4.05 за дату. Впишите число так, как оно задумано."
    + _EMPTY,
    "fault-error-in-cell-wrong": "В столбце «{column}» стоит ошибка электронной таблицы: {cells}.",
    "fault-error-in-cell-mend": "Впишите верное значение." + _EMPTY,
    "fault-formula-without-value-wrong": "В столбце «{column}» стоят формулы без результата: {places}.",
    "fault-formula-without-value-mend": "Откройте файл в программе электронных таблиц, сохраните его и отправьте "
    "снова или впишите значения.",
    "fault-integer-too-large-mend": "Впишите верное число; код обучающегося должен стоять в другом столбце.",
    "fault-label-inexact-wrong": "В столбце «{column}» длинные числа, потерявшие последние цифры: {cells}.",
    "fault-label-inexact-mend": "Задайте столбцу текстовый формат, введите эти числа заново со всеми цифрами, "
    "сохраните файл и отправьте его снова.",
    "fault-percent-mixed-wrong": "В столбце «{column}» проценты стоят среди обычных чисел: {cells}.",
    "fault-percent-mixed-mend": "Запишите все одинаково, 85 или 85 %, и отправьте файл снова.",
    "fault-label-or-code-wrong": "То, что стоит в столбце «{column}», можно понять по-разному: {cells}.",
    "fault-label-or-code-mend": _ASK,
    "fault-rows-below-wrong": "Нет номера или кода обучающегося: {places}.",
    "fault-rows-hidden-wrong": "На вашем листе скрыты строки, в которых что-то есть: {places}.",
    "fault-rows-hidden-mend": "Их мог скрыть фильтр или кто-то вручную. Посмотрите на них в своей таблице.",
    "fault-rows-below-mend": "Впишите его. Если в этой строке не обучающийся, удалите её в файле и отправьте файл "
    "снова.",
    "fault-student-twice-same-wrong": "Один обучающийся записан несколько раз, с одинаковыми значениями: {places}.",
    "fault-student-twice-same-mend": "Если это разные обучающиеся, исправьте номер одного из них. Если нет, удалите в "
    "файле лишнюю строку и отправьте файл снова.",
    "fault-student-twice-different-wrong": "Один обучающийся записан несколько раз, с разными значениями: {places}.",
    "fault-student-twice-different-mend": "Если это разные обучающиеся, исправьте номер одного из них. Если нет, "
    "оставьте в файле верную строку, удалите другую и отправьте файл снова.",
    "fault-student-both-arms-wrong": "Один обучающийся записан в обеих группах: {places}.",
    "fault-student-both-arms-mend": "Обучающийся входит только в одну группу. Выберите верную.",
    "fault-unit-both-arms-wrong": "Класс целиком входит в одну группу, а этот стоит в обеих: {cells}.",
    "fault-unit-both-arms-mend": "Выберите в этих строках верную группу.",
    "fault-summary-rows-wrong": "Похоже, в этих строках средние или итоги: {places}.",
    "fault-summary-rows-mend": "Удалите их в файле и отправьте его снова.",
    "fault-column-missing-wrong": "Не найден столбец, который нужен исследованию: «{column}».",
    "fault-column-missing-mend": "Выберите свой столбец или добавьте его в файл.",
    "fault-column-twice-wrong": "В вашем файле не один столбец «{column}»: неясно, который нужен.",
    "fault-column-twice-mend": "Дайте каждому столбцу в файле своё название и отправьте файл снова.",
    "fault-column-empty-wrong": "В столбце «{column}» ни у кого нет значения.",
    "fault-column-empty-mend": "Заполните столбец или отправьте другой файл.",
    "fault-encoding-unclear-wrong": "Непонятно, в какой кодировке сохранён текст этого файла.",
    "fault-encoding-unclear-mend": "Выберите ниже или откройте файл в программе электронных таблиц и сохраните как "
    "XLSX.",
    "fault-letters-broken-wrong": "Некоторые буквы в этом файле испорчены: {places}.",
    "fault-letters-broken-mend": "Откройте файл в программе электронных таблиц, исправьте эти слова, сохраните его как "
    "XLSX и отправьте снова.",
    "fault-delimiter-unclear-wrong": "Непонятно, каким знаком разделены столбцы.",
    "fault-delimiter-unclear-mend": "Выберите ниже или откройте файл в программе электронных таблиц и сохраните как "
    "XLSX.",
    "fault-decimal-unclear-wrong": "Непонятно, запятая или точка отделяет дробную часть: {cells}.",
    "fault-decimal-unclear-mend": "Укажите, что именно, один раз для всего файла.",
    "fault-header-unclear-wrong": "Непонятно, в какой строке стоят названия столбцов.",
    "fault-header-unclear-mend": "Впишите номер этой строки.",
    "fault-sheet-unclear-wrong": "Строки есть на нескольких листах: {found}.",
    "fault-sheet-unclear-mend": "Оставьте лист с результатами и отправьте файл снова.",
    "fault-sheet-missing-wrong": "Листа {quoted} нет.",
    "fault-sheet-missing-mend": "Отправьте файл снова и выберите другой лист.",
    "fault-library-missing-wrong": "Файлы такого вида здесь не читаются.",
    "fault-library-missing-mend": "Откройте файл в программе электронных таблиц, сохраните как XLSX или CSV и "
    "отправьте снова.",
    "fault-format-unsupported-wrong": "Такие файлы здесь не читаются: {found}.",
    "fault-format-unsupported-mend": "Откройте файл в его программе, сохраните как XLSX или CSV и отправьте.",
    "fault-workbook-unsafe-wrong": "Файл не открыт: он повреждён или внутри намного больше, чем кажется.",
    "fault-workbook-unsafe-mend": "Откройте его в табличной программе, сохраните заново как XLSX и отправьте.",
    "fault-file-empty-wrong": "Файл пуст.",
    "fault-file-empty-mend": "Проверьте, тот ли файл вы выбрали и сохранён ли он.",
    "fault-file-unreadable-mend": "Проверьте, открывается ли он в своей программе. Сохраните его как XLSX или CSV и "
    "отправьте снова.",
    "fault-file-too-large-mend": "Оставьте в нём только строки своих обучающихся и нужные столбцы.",
    "fault-arm-empty-wrong": "Ни одна строка не относится ни к экспериментальной, ни к контрольной группе.",
    "fault-arm-empty-mend": "Проверьте, тот ли столбец выбран для группы и что означают слова в нём.",
    "fault-no-outcome-at-all-wrong": "Ни у кого из обучающихся нет ни одного результата.",
    "fault-no-outcome-at-all-mend": "Проверьте, тот ли файл отправлен и те ли столбцы выбраны.",
    "fault-covariate-not-a-number-wrong": "В столбце «{column}» в основном числа, но есть и {cells}.",
    "fault-covariate-not-a-number-mend": "Впишите верное число." + _EMPTY,
    "fault-covariate-identifies-wrong": "В столбце «{column}» столько разных значений, что по ним можно узнать "
    "обучающегося.",
    "fault-covariate-identifies-mend": "Проверьте, тот ли столбец выбран. Если тот, обратитесь к координатору.",
    "fault-covariate-varies-wrong": "Столбец «{column}» должен быть одинаковым во всей организации, а он различается: "
    "{cells}.",
    "fault-covariate-varies-mend": "Исправьте ячейки.",
    "fault-column-differs-wrong": "В столбце «{column}» стоит не то, что в списке организаций этого исследования: "
    "{places}.",
    "fault-column-differs-mend": "Исправьте. Если здесь верно, обратитесь к координатору.",
    "fault-strata-vary-wrong": "Столбец «{column}» должен быть одинаковым внутри класса, а он различается: {cells}.",
    "fault-strata-vary-mend": "Исправьте ячейки.",
    "fault-strata-missing-wrong": "Столбец «{column}» не может быть пустым: {cells}.",
    "fault-strata-missing-mend": "Заполните его.",
}
