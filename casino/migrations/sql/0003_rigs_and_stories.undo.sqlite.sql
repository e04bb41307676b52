DROP TRIGGER casino_rig_promised
-- next
DROP TRIGGER casino_rig_no_delete
-- next
DROP TRIGGER casino_rig_no_replace
-- next
DROP TRIGGER casino_storyround_given
-- next
DROP TRIGGER casino_storyround_no_delete
-- next
DROP TRIGGER casino_storyround_no_replace
