-- statement 0
-- 1: Uuid Session(Tenant)
-- columns: [Text, Uuid]
SELECT "t1"."name", "t1"."list:tickets"
FROM (SELECT "r2"."id" AS "id", "r2"."name" AS "name", "r2"."id" AS "list:tickets"
FROM "team" AS "r2"
WHERE "r2"."tenant_id" = ?1) AS "t1"
ORDER BY "t1"."id" ASC LIMIT 20;

-- statement 1, below column 1 of statement 0
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, Text, Uuid, Text, Uuid]
SELECT "t1"."subject", "t3"."id", "t3"."name", "t1"."list:comments"
FROM (SELECT "t1"."created_at" AS "o:0", "t1"."id" AS "o:1", "t1"."subject" AS "subject", "t1"."requester_id" AS "requester_id", "t1"."list:comments" AS "list:comments"
FROM (SELECT "r4"."id" AS "id", "r4"."created_at" AS "created_at", "r4"."subject" AS "subject", "r4"."requester_id" AS "requester_id", "r4"."id" AS "list:comments", "r4"."team_id" AS "link:team"
FROM "ticket" AS "r4"
WHERE "r4"."tenant_id" = ?1 AND ("r4"."owner_id" = ?2 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = ?1 AND "r5"."member_id" = ?2)) OR ("r4"."requester_id" = ?2 OR (EXISTS(SELECT 1
FROM "membership" AS "r6"
WHERE "r6"."tenant_id" = ?1 AND "r6"."user_id" = ?2 AND ("r6"."on_call" = ?3 AND "r6"."status" = ?4)) AND "r4"."priority" = ?5)))) AS "t1"
WHERE "t1"."link:team" = ?6
ORDER BY "t1"."created_at" DESC, "t1"."id" DESC LIMIT 10) AS "t1"
LEFT JOIN (SELECT "r7"."id" AS "id", "r7"."name" AS "name"
FROM "user" AS "r7"
WHERE "r7"."id" = ?2 OR EXISTS(SELECT 1
FROM "membership" AS "r8"
WHERE "r8"."user_id" = "r7"."id" AND ("r8"."tenant_id" = ?1 AND "r8"."status" = ?4))) AS "t3" ON "t3"."id" = "t1"."requester_id"
ORDER BY "t1"."o:0" DESC, "t1"."o:1" DESC;

-- statement 2, below column 1 of statement 0
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, BigInt]
SELECT COUNT(*)
FROM (SELECT "r3"."team_id" AS "link:team"
FROM "ticket" AS "r3"
WHERE "r3"."tenant_id" = ?1 AND ("r3"."owner_id" = ?2 OR EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "r3"."team_id" AND ("r4"."tenant_id" = ?1 AND "r4"."member_id" = ?2)) OR ("r3"."requester_id" = ?2 OR (EXISTS(SELECT 1
FROM "membership" AS "r5"
WHERE "r5"."tenant_id" = ?1 AND "r5"."user_id" = ?2 AND ("r5"."on_call" = ?3 AND "r5"."status" = ?4)) AND "r3"."priority" = ?5)))) AS "t1"
WHERE "t1"."link:team" = ?6;

-- statement 3, below column 4 of statement 1
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, Text]
SELECT "t1"."body"
FROM (SELECT "r3"."id" AS "id", "r3"."body" AS "body", "r3"."ticket_id" AS "link:ticket"
FROM "comment" AS "r3"
WHERE "r3"."tenant_id" = ?1 AND EXISTS(SELECT 1
FROM "ticket" AS "r4"
WHERE "r4"."id" = "r3"."ticket_id" AND ("r4"."tenant_id" = ?1 AND ("r4"."owner_id" = ?2 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = ?1 AND "r5"."member_id" = ?2)) OR ("r4"."requester_id" = ?2 OR (EXISTS(SELECT 1
FROM "membership" AS "r6"
WHERE "r6"."tenant_id" = ?1 AND "r6"."user_id" = ?2 AND ("r6"."on_call" = ?3 AND "r6"."status" = ?4)) AND "r4"."priority" = ?5)))))) AS "t1"
WHERE "t1"."link:ticket" = ?6
ORDER BY "t1"."id" ASC LIMIT 5;

