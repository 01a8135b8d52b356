-- A store as version 1 made it; never changed, so that every later version is tried on it.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('1');
CREATE TABLE correction (
	number INTEGER NOT NULL, 
	upload_number INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	"column" VARCHAR NOT NULL, 
	given JSON NOT NULL, 
	made DATETIME NOT NULL, 
	PRIMARY KEY (number), 
	FOREIGN KEY(upload_number) REFERENCES upload (number)
);
CREATE TABLE erasure (
	institution_id INTEGER NOT NULL, 
	student_hash VARCHAR NOT NULL, 
	event_number INTEGER NOT NULL, 
	PRIMARY KEY (institution_id, student_hash), 
	FOREIGN KEY(institution_id) REFERENCES institution (id), 
	FOREIGN KEY(event_number) REFERENCES event (number)
);
CREATE TABLE event (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	time DATETIME NOT NULL, 
	kind VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	institution_id INTEGER, 
	upload_number INTEGER, 
	details JSON NOT NULL, 
	FOREIGN KEY(institution_id) REFERENCES institution (id)
);
INSERT INTO "event" VALUES(1,'2026-11-26 01:50:43.644803','invited','command',1,NULL,'{}');
CREATE TABLE institution (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT one_institution_a_name UNIQUE (study_id, name), 
	FOREIGN KEY(study_id) REFERENCES study (id)
);
INSERT INTO "institution" VALUES(1,1,'School 7');
CREATE TABLE invitation (
	number INTEGER NOT NULL, 
	institution_id INTEGER, 
	role VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	made DATETIME NOT NULL, 
	expires DATETIME NOT NULL, 
	revoked DATETIME, 
	opened DATETIME, 
	PRIMARY KEY (number), 
	FOREIGN KEY(institution_id) REFERENCES institution (id), 
	UNIQUE (token_hash)
);
CREATE TABLE mapping (
	institution_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	"column" VARCHAR NOT NULL, 
	found VARCHAR NOT NULL, 
	meaning JSON NOT NULL, 
	upload_number INTEGER NOT NULL, 
	PRIMARY KEY (institution_id, kind, "column", found), 
	FOREIGN KEY(institution_id) REFERENCES institution (id), 
	FOREIGN KEY(upload_number) REFERENCES upload (number)
);
CREATE TABLE meta (
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('version','1');
CREATE TABLE study (
	id INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	opened DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "study" VALUES(1,'A study','2026-11-26 01:50:43.641949');
CREATE TABLE upload (
	number INTEGER NOT NULL, 
	institution_id INTEGER NOT NULL, 
	cohort VARCHAR NOT NULL, 
	invitation_number INTEGER, 
	file_name VARCHAR NOT NULL, 
	file_hash VARCHAR NOT NULL, 
	content_hash VARCHAR, 
	state VARCHAR NOT NULL, 
	made DATETIME NOT NULL, 
	confirmed DATETIME, 
	choices JSON NOT NULL, 
	sheet JSON NOT NULL, 
	counts JSON NOT NULL, 
	supersedes INTEGER, 
	same_as INTEGER, 
	confirmed_event INTEGER, 
	ended_event INTEGER, 
	PRIMARY KEY (number), 
	FOREIGN KEY(institution_id) REFERENCES institution (id), 
	FOREIGN KEY(invitation_number) REFERENCES invitation (number), 
	FOREIGN KEY(supersedes) REFERENCES upload (number), 
	FOREIGN KEY(same_as) REFERENCES upload (number), 
	FOREIGN KEY(confirmed_event) REFERENCES event (number), 
	FOREIGN KEY(ended_event) REFERENCES event (number)
);
CREATE TABLE upload_row (
	upload_number INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	student VARCHAR, 
	arm VARCHAR, 
	class_label VARCHAR, 
	cells JSON NOT NULL, 
	erased_event INTEGER, 
	PRIMARY KEY (upload_number, "row"), 
	FOREIGN KEY(upload_number) REFERENCES upload (number), 
	FOREIGN KEY(erased_event) REFERENCES event (number)
);
CREATE INDEX ix_upload_institution_id ON upload (institution_id);
CREATE UNIQUE INDEX one_confirmed_upload ON upload (institution_id, cohort) WHERE state = 'confirmed';
CREATE INDEX ix_upload_row_student ON upload_row (student);
CREATE INDEX ix_correction_upload_number ON correction (upload_number);
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'event is only added to'); END;
CREATE TRIGGER upload_is_kept BEFORE DELETE ON upload BEGIN SELECT RAISE(ABORT, 'upload is only added to'); END;
CREATE TRIGGER erasure_is_kept BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'erasure is only added to'); END;
CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'event is only added to'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('event',1);
COMMIT;
