-- statement 0
-- 1: Text Constant(Text("new"))
-- 2: Text Constant(Text("open"))
-- 3: Text Constant(Text("A%"))
-- 4: Uuid Session(Tenant)
-- 5: Uuid Session(User)
-- 6: Boolean Constant(Boolean(true))
-- 7: Text Constant(Text("active"))
-- 8: Text Constant(Text("urgent"))
-- columns: [Text, Uuid, Text, DateTime, Text, Uuid]
SELECT "t1"."subject", "t2"."id", "t2"."name", "t1"."o:0", "t1"."o:1", "t1"."o:2"
FROM (SELECT "t1"."created_at" AS "o:0", "t3"."name" AS "o:1", "t1"."id" AS "o:2", "t1"."subject" AS "subject", "t1"."team_id" AS "team_id"
FROM (SELECT "r6"."id" AS "id", "r6"."created_at" AS "created_at", "r6"."subject" AS "subject", "r6"."status" AS "status", "r6"."team_id" AS "team_id"
FROM "ticket" AS "r6"
WHERE "r6"."tenant_id" = ?4 AND ("r6"."owner_id" = ?5 OR EXISTS(SELECT 1
FROM "team_member" AS "r7"
WHERE "r7"."team_id" = "r6"."team_id" AND ("r7"."tenant_id" = ?4 AND "r7"."member_id" = ?5)) OR ("r6"."requester_id" = ?5 OR (EXISTS(SELECT 1
FROM "membership" AS "r8"
WHERE "r8"."tenant_id" = ?4 AND "r8"."user_id" = ?5 AND ("r8"."on_call" = ?6 AND "r8"."status" = ?7)) AND "r6"."priority" = ?8))) LIMIT 9223372036854775807) AS "t1"
LEFT JOIN (SELECT "r9"."id" AS "id", "r9"."name" AS "name"
FROM "team" AS "r9"
WHERE "r9"."tenant_id" = ?4) AS "t3" ON "t3"."id" = "t1"."team_id"
WHERE "t1"."status" IN (?1, ?2) AND EXISTS(SELECT 1
FROM (SELECT "r5"."id" AS "id", "r5"."name" AS "name"
FROM "team" AS "r5"
WHERE "r5"."tenant_id" = ?4) AS "t4"
WHERE "t4"."id" = "t1"."team_id" AND "t4"."name" LIKE ?3 ESCAPE '\') IS NOT TRUE
ORDER BY "t1"."created_at" DESC, "t3"."name" ASC NULLS LAST, "t1"."id" ASC LIMIT 21) AS "t1"
LEFT JOIN (SELECT "r10"."id" AS "id", "r10"."name" AS "name"
FROM "team" AS "r10"
WHERE "r10"."tenant_id" = ?4) AS "t2" ON "t2"."id" = "t1"."team_id"
ORDER BY "t1"."o:0" DESC, "t1"."o:1" ASC NULLS LAST, "t1"."o:2" ASC;

-- statement 1
-- 1: Text Constant(Text("new"))
-- 2: Text Constant(Text("open"))
-- 3: Text Constant(Text("A%"))
-- 4: Uuid Session(Tenant)
-- 5: Uuid Session(User)
-- 6: Boolean Constant(Boolean(true))
-- 7: Text Constant(Text("active"))
-- 8: Text Constant(Text("urgent"))
-- columns: [BigInt]
SELECT COUNT(*)
FROM (SELECT "r4"."status" AS "status", "r4"."team_id" AS "team_id"
FROM "ticket" AS "r4"
WHERE "r4"."tenant_id" = ?4 AND ("r4"."owner_id" = ?5 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = ?4 AND "r5"."member_id" = ?5)) OR ("r4"."requester_id" = ?5 OR (EXISTS(SELECT 1
FROM "membership" AS "r6"
WHERE "r6"."tenant_id" = ?4 AND "r6"."user_id" = ?5 AND ("r6"."on_call" = ?6 AND "r6"."status" = ?7)) AND "r4"."priority" = ?8))) LIMIT 9223372036854775807) AS "t1"
WHERE "t1"."status" IN (?1, ?2) AND EXISTS(SELECT 1
FROM (SELECT "r3"."id" AS "id", "r3"."name" AS "name"
FROM "team" AS "r3"
WHERE "r3"."tenant_id" = ?4) AS "t2"
WHERE "t2"."id" = "t1"."team_id" AND "t2"."name" LIKE ?3 ESCAPE '\') IS NOT TRUE;

