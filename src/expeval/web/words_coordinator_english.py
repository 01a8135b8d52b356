"""The words of the coordinator's pages in English."""

from __future__ import annotations

TEXTS = {
    "coordinator-nav": "Coordinator’s pages",
    "coordinator-nav-deliveries": "Deliveries",
    "coordinator-nav-links": "Personal links",
    "coordinator-nav-run": "Analysis and report",
    # Deliveries
    "coordinator-deliveries-title": "Who has delivered",
    "coordinator-deliveries-sum": "Delivered: {delivered}. Being mended: {mended}. Missing: {missing}.",
    "coordinator-deliveries-none": "No institution has been invited yet.",
    "coordinator-deliveries-caption": "Institutions and their cohorts",
    "coordinator-institution": "Institution",
    "coordinator-link-column": "Link",
    "coordinator-cohort-only": "Data",
    "coordinator-cohort": "Cohort {cohort}",
    "coordinator-delivered": "Delivered",
    "coordinator-delivered-facts": "{time}, students: {students}",
    "coordinator-being-mended": "Being mended",
    "coordinator-being-mended-facts": "file sent {time}, not confirmed",
    "coordinator-missing": "Missing",
    "coordinator-opened": "Opened",
    "coordinator-not-opened": "Not opened",
    "coordinator-not-invited": "No link",
    "coordinator-invite-this": "Make a link for {institution}",
    "coordinator-unopened-title": "Links that nobody has opened",
    "coordinator-unopened-none": "Every link that holds has been opened.",
    "coordinator-unopened-one": "{name}, {institution}: made {time}",
    "coordinator-remind": "Remind",
    "coordinator-remind-whom": "Remind {name}, {institution}",
    # Links
    "coordinator-links-title": "Personal links",
    "coordinator-links-about": (
        "Each teacher has a link of her own. It takes the place of a password, so send it to her alone."
    ),
    "coordinator-new-title": "Make a link",
    "coordinator-for-whom": "Who is it for?",
    "coordinator-for-teacher": "A teacher: uploads the cohorts of her institution",
    "coordinator-for-coordinator": "A coordinator: sees these pages",
    "coordinator-field-institution": "Institution",
    "coordinator-field-institution-hint": (
        "For a teacher: spelt as in the study’s data. For a coordinator leave it empty."
    ),
    "coordinator-field-name": "Whose link is it?",
    "coordinator-field-name-hint": "A name by which you know the person, for your list.",
    "coordinator-field-days": "For how many days does it hold?",
    "coordinator-field-days-hint": "From 1 to {longest}.",
    "coordinator-make": "Make the link",
    "coordinator-fault-title": "There is a problem",
    "coordinator-fault-role": "Choose who the link is for",
    "coordinator-fault-name": "Enter whose link it is, up to 200 letters",
    "coordinator-fault-institution": "Enter the teacher’s institution, up to 200 letters",
    "coordinator-fault-unknown-institution": "The study’s list of institutions has no such name: check its spelling",
    "coordinator-fault-days": "Enter a whole number of days, from 1 to 366",
    "coordinator-links-caption": "All links, the latest first",
    "coordinator-links-none": "There are no links yet.",
    "coordinator-number": "Number",
    "coordinator-person": "Whose",
    "coordinator-until": "Holds until",
    "coordinator-state": "State",
    "coordinator-standing-opened": "Opened",
    "coordinator-standing-not-opened": "Not opened yet",
    "coordinator-standing-expired": "Expired",
    "coordinator-standing-revoked": "Revoked",
    "coordinator-no-institution": "coordinator",
    # One link
    "coordinator-link-title": "Link {number}: {name}",
    "coordinator-link-made": "Made",
    "coordinator-link-opened": "First opened",
    "coordinator-link-revoked": "Revoked",
    "coordinator-link-new-title": "This is the link. It is shown this once",
    "coordinator-link-new-about": "Copy it now: only a check value of it is kept, and nobody can show it again.",
    "coordinator-link-url": "The link",
    "coordinator-link-gone": (
        "The link itself can’t be shown again. If it was lost, revoke this one and make another."
    ),
    "coordinator-text-invitation": "Text to send with it",
    "coordinator-text-reminder": "Text to remind with",
    "coordinator-invitation-text": (
        "Hello, {name}!\n\nPlease send the data of {institution} for the study “{study}”. Open your personal link, "
        "choose the file of your grade book and follow the steps; it takes about ten minutes:\n\n{url}\n\n"
        "The link holds until {expires}. It is for you alone: please don’t pass it on. Names of students are not "
        "needed and are not kept."
    ),
    "coordinator-reminder-text": (
        "Hello, {name}!\n\nOn {made} a personal link was sent to you for the study “{study}” ({institution}). "
        "It holds until {expires}. Please open it, choose the file of your grade book and follow the steps; it "
        "takes about ten minutes. If you can’t find the link, answer this message and you will get a new one."
    ),
    "coordinator-invitation-text-coordinator": (
        "Hello, {name}!\n\nThis is your link to the coordinator’s pages of the study “{study}”:\n\n{url}\n\n"
        "It holds until {expires}. It is for you alone: please don’t pass it on."
    ),
    "coordinator-revoke-title": "Revoke this link",
    "coordinator-revoke-about": "It stops holding at once. What was uploaded with it stays.",
    "coordinator-revoke": "Revoke the link",
    "coordinator-own-link": "This is the link by which you are here.",
    "coordinator-another-link": "Make another link for this institution",
    # Run and report
    "coordinator-run-title": "Analysis and report",
    "coordinator-run-about": "The analysis reads what is accepted at the moment when it starts.",
    "coordinator-run-start": "Run the analysis",
    "coordinator-run-again": "Run the analysis again",
    "coordinator-run-stop": "Stop the analysis",
    "coordinator-run-running": "The analysis is running",
    "coordinator-run-running-about": (
        "Started {time}. This page looks again every few seconds; you may close it, and the analysis goes on."
    ),
    "coordinator-run-look": "Look again now",
    "coordinator-run-unwatch": "Don’t look again by itself",
    "coordinator-run-watch": "Look again by itself",
    "coordinator-run-steps": "Steps so far",
    "coordinator-step-reading": "Reading the study and the accepted data",
    "coordinator-step-analysing": "Analysing {words}",
    "coordinator-step-writing": "Writing the report",
    "coordinator-step-other": "{words}",
    "coordinator-run-done": "The analysis ended {time}.",
    "coordinator-run-faulty": "The analysis of {time} could not be made. Things to mend: {count}",
    "coordinator-run-failed": "The analysis of {time} ended with an error. The report of before, if any, is as it was.",
    "coordinator-run-stopped": "The analysis was stopped {time}. The report of before, if any, is as it was.",
    "coordinator-run-cut-off": (
        "The analysis that started {time} was cut off, as when the computer is switched off. Run it again."
    ),
    "coordinator-run-refused": "The analysis can’t be started here now. Tell who runs these pages.",
    "coordinator-run-impossible": "On this installation the analysis is started with the command expeval run.",
    "coordinator-report-title": "Report",
    "coordinator-report-none": "There is no report yet.",
    "coordinator-report-made": "Made {time}.",
    "coordinator-report-read": "Read the report",
    "coordinator-report-changed": "Data changed since this report. Run the analysis again to take the change in.",
    "coordinator-report-current": "The accepted data are those of this report.",
    "coordinator-report-files": "Files of the report",
    "coordinator-report-file": "{name} (download)",
    "coordinator-important": "Important",
    "coordinator-study-changed": (
        "The study file has changed since these pages were started, and teachers are still asked what it said then. "
        "Whoever runs these pages must stop expeval serve and start it again."
    ),
}
