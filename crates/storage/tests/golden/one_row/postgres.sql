-- statement 0
-- 1: Uuid Constant(Uuid(01941f29-7c00-8004-8000-000000000001))
-- 2: Text Constant(Text("new"))
-- 3: Text Constant(Text("open"))
-- 4: Uuid Session(User)
-- 5: Uuid Session(Tenant)
-- 6: Boolean Constant(Boolean(true))
-- 7: Text Constant(Text("active"))
-- 8: Text Constant(Text("urgent"))
-- columns: [Uuid, Text, Text, Uuid, Text, Uuid, Text, Boolean, Boolean, Boolean]
SELECT "t1"."id", "t1"."subject", "t1"."internal_note", "t2"."id", "t2"."name", "t3"."id", "t3"."name", "t1"."can:update", "t1"."write:internal_note", "t1"."hidden:internal_note"
FROM (SELECT "r4"."id" AS "id", "r4"."subject" AS "subject", (CASE WHEN ("r4"."status" IN ($2, $3)) THEN "r4"."internal_note" END) AS "internal_note", "r4"."team_id" AS "team_id", "r4"."requester_id" AS "requester_id", ("r4"."status" IN ($2, $3) AND ("r4"."owner_id" = $4 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = $5 AND "r5"."member_id" = $4)))) IS TRUE AS "can:update", ("r4"."status" IN ($2, $3) AND ("r4"."owner_id" = $4 OR EXISTS(SELECT 1
FROM "team_member" AS "r6"
WHERE "r6"."team_id" = "r4"."team_id" AND ("r6"."tenant_id" = $5 AND "r6"."member_id" = $4)))) IS TRUE AS "write:internal_note", ("r4"."status" IN ($2, $3)) IS NOT TRUE AS "hidden:internal_note"
FROM "ticket" AS "r4"
WHERE "r4"."tenant_id" = $5 AND ("r4"."owner_id" = $4 OR EXISTS(SELECT 1
FROM "team_member" AS "r7"
WHERE "r7"."team_id" = "r4"."team_id" AND ("r7"."tenant_id" = $5 AND "r7"."member_id" = $4)) OR ("r4"."requester_id" = $4 OR (EXISTS(SELECT 1
FROM "membership" AS "r8"
WHERE "r8"."tenant_id" = $5 AND "r8"."user_id" = $4 AND ("r8"."on_call" = $6 AND "r8"."status" = $7)) AND "r4"."priority" = $8)))) AS "t1"
LEFT JOIN LATERAL (SELECT "t2"."id" AS "id", "t2"."name" AS "name"
FROM (SELECT "r9"."id" AS "id", "r9"."name" AS "name"
FROM "team" AS "r9"
WHERE "r9"."tenant_id" = $5) AS "t2"
WHERE "t2"."id" = "t1"."team_id" LIMIT 1) AS "t2" ON TRUE
LEFT JOIN LATERAL (SELECT "t3"."id" AS "id", "t3"."name" AS "name"
FROM (SELECT "r10"."id" AS "id", "r10"."name" AS "name"
FROM "user" AS "r10"
WHERE "r10"."id" = $4 OR EXISTS(SELECT 1
FROM "membership" AS "r11"
WHERE "r11"."user_id" = "r10"."id" AND ("r11"."tenant_id" = $5 AND "r11"."status" = $7))) AS "t3"
WHERE "t3"."id" = "t1"."requester_id" LIMIT 1) AS "t3" ON TRUE
WHERE "t1"."id" = $1;

