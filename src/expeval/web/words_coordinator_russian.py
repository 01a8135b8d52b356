"""The words of the coordinator's pages in Russian."""

from __future__ import annotations

TEXTS = {
    "coordinator-nav": "Страницы координатора",
    "coordinator-nav-deliveries": "Поступившие данные",
    "coordinator-nav-links": "Личные ссылки",
    "coordinator-nav-run": "Анализ и отчёт",
    # Deliveries
    "coordinator-deliveries-title": "Кто передал данные",
    "coordinator-deliveries-sum": "Передано: {delivered}. Исправляется: {mended}. Не поступило: {missing}.",
    "coordinator-deliveries-none": "Пока не приглашена ни одна образовательная организация.",
    "coordinator-deliveries-caption": "Образовательные организации и потоки",
    "coordinator-institution": "Образовательная организация",
    "coordinator-link-column": "Ссылка",
    "coordinator-cohort-only": "Данные",
    "coordinator-cohort": "Поток {cohort}",
    "coordinator-delivered": "Передано",
    "coordinator-delivered-facts": "{time}, обучающихся: {students}",
    "coordinator-being-mended": "Исправляется",
    "coordinator-being-mended-facts": "файл отправлен {time}, не подтверждён",
    "coordinator-missing": "Не поступило",
    "coordinator-opened": "Открыта",
    "coordinator-not-opened": "Не открыта",
    "coordinator-not-invited": "Нет ссылки",
    "coordinator-invite-this": "Создать ссылку: {institution}",
    "coordinator-unopened-title": "Ссылки, которые ещё не открывали",
    "coordinator-unopened-none": "Все действующие ссылки открыты.",
    "coordinator-unopened-one": "{name}, {institution}: создана {time}",
    "coordinator-remind": "Напомнить",
    "coordinator-remind-whom": "Напомнить: {name}, {institution}",
    # Links
    "coordinator-links-title": "Личные ссылки",
    "coordinator-links-about": (
        "У каждого преподавателя своя ссылка. Она заменяет пароль, поэтому отправляйте её только этому человеку."
    ),
    "coordinator-new-title": "Создать ссылку",
    "coordinator-for-whom": "Для кого она?",
    "coordinator-for-teacher": "Для преподавателя: передаёт данные своей образовательной организации",
    "coordinator-for-coordinator": "Для координатора: видит эти страницы",
    "coordinator-field-institution": "Образовательная организация",
    "coordinator-field-institution-hint": (
        "Для преподавателя: так, как она названа в данных исследования. Для координатора оставьте поле пустым."
    ),
    "coordinator-field-name": "Чья это ссылка?",
    "coordinator-field-name-hint": "Имя, под которым вы знаете этого человека, для вашего списка.",
    "coordinator-field-days": "Сколько дней она действует?",
    "coordinator-field-days-hint": "От 1 до {longest}.",
    "coordinator-make": "Создать ссылку",
    "coordinator-fault-title": "Нужно исправить",
    "coordinator-fault-role": "Выберите, для кого ссылка",
    "coordinator-fault-name": "Укажите, чья это ссылка, не более 200 букв",
    "coordinator-fault-institution": "Укажите образовательную организацию преподавателя, не более 200 букв",
    "coordinator-fault-unknown-institution": (
        "В списке организаций исследования такого названия нет: проверьте, как оно написано"
    ),
    "coordinator-fault-days": "Укажите целое число дней, от 1 до 366",
    "coordinator-links-caption": "Все ссылки, сначала новые",
    "coordinator-links-none": "Ссылок пока нет.",
    "coordinator-number": "Номер",
    "coordinator-person": "Чья",
    "coordinator-until": "Действует до",
    "coordinator-state": "Состояние",
    "coordinator-standing-opened": "Открыта",
    "coordinator-standing-not-opened": "Ещё не открыта",
    "coordinator-standing-expired": "Срок истёк",
    "coordinator-standing-revoked": "Отозвана",
    "coordinator-no-institution": "координатор",
    # One link
    "coordinator-link-title": "Ссылка {number}: {name}",
    "coordinator-link-made": "Создана",
    "coordinator-link-opened": "Впервые открыта",
    "coordinator-link-revoked": "Отозвана",
    "coordinator-link-new-title": "Вот ссылка. Она показана только один раз",
    "coordinator-link-new-about": (
        "Скопируйте её сейчас: хранится только её контрольное значение, и ещё раз показать её нельзя."
    ),
    "coordinator-link-url": "Ссылка",
    "coordinator-link-gone": ("Саму ссылку ещё раз показать нельзя. Если она потеряна, отзовите её и создайте новую."),
    "coordinator-text-invitation": "Текст, который можно отправить вместе с ней",
    "coordinator-text-reminder": "Текст напоминания",
    "coordinator-invitation-text": (
        "Здравствуйте, {name}!\n\nПросим передать данные организации «{institution}» для исследования «{study}». "
        "Откройте личную ссылку, выберите файл журнала и пройдите по шагам, это займёт около десяти минут:\n\n"
        "{url}\n\nСсылка действует до {expires}. Она только для вас, пожалуйста, не передавайте её другим. "
        "Имена обучающихся не нужны и не сохраняются."
    ),
    "coordinator-reminder-text": (
        "Здравствуйте, {name}!\n\n{made} для вас создана личная ссылка для исследования «{study}» ({institution}). "
        "Она действует до {expires}. Пожалуйста, откройте её, выберите файл журнала и пройдите по шагам, это "
        "займёт около десяти минут. Если ссылка не находится, ответьте на это письмо, и вы получите новую."
    ),
    "coordinator-invitation-text-coordinator": (
        "Здравствуйте, {name}!\n\nЭто ваша ссылка на страницы координатора исследования «{study}»:\n\n{url}\n\n"
        "Она действует до {expires}. Она только для вас, пожалуйста, не передавайте её другим."
    ),
    "coordinator-revoke-title": "Отозвать эту ссылку",
    "coordinator-revoke-about": "Она сразу перестанет действовать. Всё, что по ней передано, останется.",
    "coordinator-revoke": "Отозвать ссылку",
    "coordinator-own-link": "По этой ссылке вы сейчас здесь.",
    "coordinator-another-link": "Создать ещё одну ссылку для этой организации",
    # Run and report
    "coordinator-run-title": "Анализ и отчёт",
    "coordinator-run-about": "Анализ берёт те данные, которые приняты к моменту его начала.",
    "coordinator-run-start": "Начать анализ",
    "coordinator-run-again": "Провести анализ ещё раз",
    "coordinator-run-stop": "Остановить анализ",
    "coordinator-run-running": "Анализ идёт",
    "coordinator-run-running-about": (
        "Начат {time}. Страница обновляется сама каждые несколько секунд; её можно закрыть, анализ продолжится."
    ),
    "coordinator-run-look": "Обновить сейчас",
    "coordinator-run-unwatch": "Не обновлять автоматически",
    "coordinator-run-watch": "Обновлять автоматически",
    "coordinator-run-steps": "Что уже сделано",
    "coordinator-step-reading": "Чтение исследования и принятых данных",
    "coordinator-step-analysing": "Анализ показателя: {words}",
    "coordinator-step-writing": "Запись отчёта",
    "coordinator-step-other": "{words}",
    "coordinator-run-done": "Анализ завершён {time}.",
    "coordinator-run-faulty": "Анализ ({time}) провести не удалось. Что нужно исправить: {count}",
    "coordinator-run-failed": "Анализ ({time}) завершился с ошибкой. Прежний отчёт, если он был, не изменился.",
    "coordinator-run-stopped": "Анализ остановлен {time}. Прежний отчёт, если он был, не изменился.",
    "coordinator-run-cut-off": (
        "Анализ, начатый {time}, прервался, как бывает при выключении компьютера. Проведите его ещё раз."
    ),
    "coordinator-run-refused": "Сейчас начать анализ здесь нельзя. Сообщите тому, кто обслуживает эти страницы.",
    "coordinator-run-impossible": "В этой установке анализ начинают командой expeval run.",
    "coordinator-report-title": "Отчёт",
    "coordinator-report-none": "Отчёта пока нет.",
    "coordinator-report-made": "Составлен {time}.",
    "coordinator-report-read": "Читать отчёт",
    "coordinator-report-changed": (
        "После этого отчёта данные изменились. Чтобы учесть изменения, проведите анализ ещё раз."
    ),
    "coordinator-report-current": "Принятые данные те же, что в этом отчёте.",
    "coordinator-report-files": "Файлы отчёта",
    "coordinator-report-file": "{name} (скачать)",
    "coordinator-important": "Важно",
    "coordinator-study-changed": (
        "Файл исследования изменился после запуска этих страниц, а учителей всё ещё спрашивают о том, что было в нём "
        "тогда. Тот, кто ведёт эти страницы, должен остановить expeval serve и запустить снова."
    ),
}
