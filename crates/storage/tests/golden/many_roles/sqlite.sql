-- statement 0
-- 1: Text Constant(Text("new"))
-- 2: Text Constant(Text("open"))
-- 3: Uuid Session(Tenant)
-- 4: Uuid Session(User)
-- 5: Boolean Constant(Boolean(true))
-- 6: Text Constant(Text("active"))
-- 7: Text Constant(Text("urgent"))
-- columns: [Text, Text, Uuid, Uuid]
SELECT "t1"."subject", "t1"."internal_note", "t1"."list:comments", "t1"."id"
FROM (SELECT "r2"."id" AS "id", "r2"."subject" AS "subject", (CASE WHEN ("r2"."status" IN (?1, ?2)) THEN "r2"."internal_note" END) AS "internal_note", "r2"."id" AS "list:comments"
FROM "ticket" AS "r2"
WHERE "r2"."tenant_id" = ?3 AND ("r2"."owner_id" = ?4 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "r2"."team_id" AND ("r3"."tenant_id" = ?3 AND "r3"."member_id" = ?4)) OR ("r2"."requester_id" = ?4 OR (EXISTS(SELECT 1
FROM "membership" AS "r4"
WHERE "r4"."tenant_id" = ?3 AND "r4"."user_id" = ?4 AND ("r4"."on_call" = ?5 AND "r4"."status" = ?6)) AND "r2"."priority" = ?7)))) AS "t1"
ORDER BY "t1"."id" DESC LIMIT 6;

-- statement 1, below column 2 of statement 0
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, Text, Boolean]
SELECT "t1"."body", "t1"."internal"
FROM (SELECT "r3"."id" AS "id", "r3"."body" AS "body", "r3"."internal" AS "internal", "r3"."ticket_id" AS "link:ticket"
FROM "comment" AS "r3"
WHERE "r3"."tenant_id" = ?1 AND EXISTS(SELECT 1
FROM "ticket" AS "r4"
WHERE "r4"."id" = "r3"."ticket_id" AND ("r4"."tenant_id" = ?1 AND ("r4"."owner_id" = ?2 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = ?1 AND "r5"."member_id" = ?2)) OR ("r4"."requester_id" = ?2 OR (EXISTS(SELECT 1
FROM "membership" AS "r6"
WHERE "r6"."tenant_id" = ?1 AND "r6"."user_id" = ?2 AND ("r6"."on_call" = ?3 AND "r6"."status" = ?4)) AND "r4"."priority" = ?5)))))) AS "t1"
WHERE "t1"."link:ticket" = ?6
ORDER BY "t1"."id" ASC LIMIT 30;

