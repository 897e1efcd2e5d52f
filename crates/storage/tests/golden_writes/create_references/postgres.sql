-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 10: Text Constant(Text("Help"))
-- 11: Boolean Constant(Boolean(false))
-- 12: Uuid Session(Tenant)
-- 13: Uuid Session(User)
-- 14: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- columns: [Boolean, Boolean, Boolean]
SELECT TRUE IS TRUE, ("n1"."tenant_id" = $12 AND EXISTS(SELECT 1
FROM "ticket" AS "r2"
WHERE "r2"."id" = "n1"."ticket_id" AND ("r2"."tenant_id" = $12 AND ("r2"."owner_id" = $13 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "r2"."team_id" AND ("r3"."tenant_id" = $12 AND "r3"."member_id" = $13)))))) IS TRUE, EXISTS(SELECT 1
FROM "ticket" AS "r4"
WHERE "r4"."id" = $14 AND ("r4"."tenant_id" = $12 AND ("r4"."owner_id" = $13 OR (EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = $12 AND "r5"."member_id" = $13)) OR "r4"."requester_id" = $13)))) IS TRUE
FROM (SELECT $1 AS "id", $2 AS "version", $3 AS "created_at", $4 AS "updated_at", $5 AS "owner_id", $6 AS "created_by_id", $7 AS "updated_by_id", $8 AS "tenant_id", $9 AS "ticket_id", $10 COLLATE "C" AS "body", $11 AS "internal") AS "n1";

-- write
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 10: Text Constant(Text("Help"))
-- 11: Boolean Constant(Boolean(false))
-- columns: []
INSERT INTO "comment" ("id", "version", "created_at", "updated_at", "owner_id", "created_by_id", "updated_by_id", "tenant_id", "ticket_id", "body", "internal")
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11;

-- whole
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 10: Text Constant(Text("Help"))
-- 11: Boolean Constant(Boolean(false))
-- 12: Uuid Session(Tenant)
-- 13: Uuid Session(User)
-- 14: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- columns: [Int]
WITH w AS (INSERT INTO "comment" ("id", "version", "created_at", "updated_at", "owner_id", "created_by_id", "updated_by_id", "tenant_id", "ticket_id", "body", "internal")
SELECT "n1"."id", "n1"."version", "n1"."created_at", "n1"."updated_at", "n1"."owner_id", "n1"."created_by_id", "n1"."updated_by_id", "n1"."tenant_id", "n1"."ticket_id", "n1"."body", "n1"."internal"
FROM (SELECT $1 AS "id", $2 AS "version", $3 AS "created_at", $4 AS "updated_at", $5 AS "owner_id", $6 AS "created_by_id", $7 AS "updated_by_id", $8 AS "tenant_id", $9 AS "ticket_id", $10 COLLATE "C" AS "body", $11 AS "internal") AS "n1"
WHERE "n1"."tenant_id" = $12 AND EXISTS(SELECT 1
FROM "ticket" AS "r2"
WHERE "r2"."id" = "n1"."ticket_id" AND ("r2"."tenant_id" = $12 AND ("r2"."owner_id" = $13 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "r2"."team_id" AND ("r3"."tenant_id" = $12 AND "r3"."member_id" = $13))))) AND EXISTS(SELECT 1
FROM "ticket" AS "r4"
WHERE "r4"."id" = $14 AND ("r4"."tenant_id" = $12 AND ("r4"."owner_id" = $13 OR (EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = $12 AND "r5"."member_id" = $13)) OR "r4"."requester_id" = $13))))
RETURNING 1)
SELECT 1 / (SELECT count(*)
FROM w)::int4;

-- lock
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8008-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- columns: []
SELECT 1
FROM "comment"
WHERE "tenant_id" = $2 AND "id" = $1 FOR KEY SHARE;

-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Uuid Constant(Uuid(018bcfe5-6800-8008-8000-000000000005))
-- 10: Text Constant(Text("f"))
-- 11: Uuid Session(Tenant)
-- 12: Uuid Constant(Uuid(018bcfe5-6800-8008-8000-000000000005))
-- 13: Uuid Session(User)
-- columns: [Boolean, Boolean, Boolean]
SELECT TRUE IS TRUE, ("n1"."tenant_id" = $11) IS TRUE, EXISTS(SELECT 1
FROM "comment" AS "r2"
WHERE "r2"."id" = $12 AND ("r2"."tenant_id" = $11 AND EXISTS(SELECT 1
FROM "ticket" AS "r3"
WHERE "r3"."id" = "r2"."ticket_id" AND ("r3"."tenant_id" = $11 AND ("r3"."owner_id" = $13 OR (EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "r3"."team_id" AND ("r4"."tenant_id" = $11 AND "r4"."member_id" = $13)) OR "r3"."requester_id" = $13)))))) IS TRUE
FROM (SELECT $1 AS "id", $2 AS "version", $3 AS "created_at", $4 AS "updated_at", $5 AS "owner_id", $6 AS "created_by_id", $7 AS "updated_by_id", $8 AS "tenant_id", $9 AS "subject_id", $10 COLLATE "C" AS "name") AS "n1";

-- write
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Uuid Constant(Uuid(018bcfe5-6800-8008-8000-000000000005))
-- 10: Text Constant(Text("f"))
-- columns: []
INSERT INTO "attachment" ("id", "version", "created_at", "updated_at", "owner_id", "created_by_id", "updated_by_id", "tenant_id", "subject_id", "name")
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10;

-- whole
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Uuid Constant(Uuid(018bcfe5-6800-8008-8000-000000000005))
-- 10: Text Constant(Text("f"))
-- 11: Uuid Session(Tenant)
-- 12: Uuid Constant(Uuid(018bcfe5-6800-8008-8000-000000000005))
-- 13: Uuid Session(User)
-- columns: [Int]
WITH w AS (INSERT INTO "attachment" ("id", "version", "created_at", "updated_at", "owner_id", "created_by_id", "updated_by_id", "tenant_id", "subject_id", "name")
SELECT "n1"."id", "n1"."version", "n1"."created_at", "n1"."updated_at", "n1"."owner_id", "n1"."created_by_id", "n1"."updated_by_id", "n1"."tenant_id", "n1"."subject_id", "n1"."name"
FROM (SELECT $1 AS "id", $2 AS "version", $3 AS "created_at", $4 AS "updated_at", $5 AS "owner_id", $6 AS "created_by_id", $7 AS "updated_by_id", $8 AS "tenant_id", $9 AS "subject_id", $10 COLLATE "C" AS "name") AS "n1"
WHERE "n1"."tenant_id" = $11 AND EXISTS(SELECT 1
FROM "comment" AS "r2"
WHERE "r2"."id" = $12 AND ("r2"."tenant_id" = $11 AND EXISTS(SELECT 1
FROM "ticket" AS "r3"
WHERE "r3"."id" = "r2"."ticket_id" AND ("r3"."tenant_id" = $11 AND ("r3"."owner_id" = $13 OR (EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "r3"."team_id" AND ("r4"."tenant_id" = $11 AND "r4"."member_id" = $13)) OR "r3"."requester_id" = $13))))))
RETURNING 1)
SELECT 1 / (SELECT count(*)
FROM w)::int4;

