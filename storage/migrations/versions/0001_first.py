"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('who', sa.String(length=80), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('target', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index('ix_audit_action', ['action', 'id'], unique=False)
        batch_op.create_index('ix_audit_target', ['target', 'id'], unique=False)
        batch_op.create_index('ix_audit_who', ['who', 'id'], unique=False)

    op.create_table('broadcast_person',
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.PrimaryKeyConstraint('broadcast_id', 'contact_id', name=op.f('pk_broadcast_person'))
    )
    with op.batch_alter_table('broadcast_person', schema=None) as batch_op:
        batch_op.create_index('ix_broadcast_person_state', ['broadcast_id', 'state'], unique=False)

    op.create_table('contact',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('role', sa.String(30), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=True),
    sa.Column('village_code', sa.String(length=13), nullable=True),
    sa.Column('zone', sa.String(length=40), nullable=True),
    sa.Column('rt', sa.String(length=3), nullable=True),
    sa.Column('rw', sa.String(length=3), nullable=True),
    sa.Column('language', sa.String(length=3), nullable=True),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index('ix_contact_erased', ['id'], unique=False, sqlite_where=sa.text('erased_at IS NOT NULL'), postgresql_where=sa.text('erased_at IS NOT NULL'))
        batch_op.create_index('ix_contact_officials', ['village_code', 'id'], unique=False, sqlite_where=sa.text("role = 'official'"), postgresql_where=sa.text("role = 'official'"))
        batch_op.create_index('ix_contact_address_id', ['address_id'], unique=False)
        batch_op.create_index('ix_contact_village_code', ['village_code'], unique=False)

    op.create_table('early_report',
    sa.Column('external_hash', sa.LargeBinary(length=16), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('external_hash', name=op.f('pk_early_report'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('route', sa.String(length=131), nullable=False),
    sa.Column('kind', sa.String(30), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('reply', sa.String(length=80), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('taps', sa.LargeBinary(), nullable=True),
    sa.Column('slots', sa.LargeBinary(), nullable=True),
    sa.Column('image', sa.String(length=80), nullable=True),
    sa.Column('content_version', sa.String(length=64), nullable=True),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claimed_by', sa.String(length=60), nullable=True),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('external_id', sa.LargeBinary(), nullable=True),
    sa.Column('external_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('inbound_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('reminder_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('once_key', sa.String(length=80), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_broadcast_due', ['broadcast_id', 'route', 'due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'due' AND broadcast_id IS NOT NULL"), postgresql_where=sa.text("state = 'due' AND broadcast_id IS NOT NULL"))
        batch_op.create_index('ix_outbox_broadcast_person', ['broadcast_id', 'contact_id'], unique=True, sqlite_where=sa.text('broadcast_id IS NOT NULL'), postgresql_where=sa.text('broadcast_id IS NOT NULL'))
        batch_op.create_index('ix_outbox_contact_id', ['contact_id', 'id'], unique=False)
        batch_op.create_index('ix_outbox_due', ['route', 'priority', 'due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'due' AND broadcast_id IS NULL"), postgresql_where=sa.text("state = 'due' AND broadcast_id IS NULL"))
        batch_op.create_index('ix_outbox_due_reply', ['contact_id', 'id'], unique=False, sqlite_where=sa.text("state = 'due' AND priority = 0"), postgresql_where=sa.text("state = 'due' AND priority = 0"))
        batch_op.create_index('ix_outbox_external_hash', ['external_hash'], unique=False, sqlite_where=sa.text('external_hash IS NOT NULL'), postgresql_where=sa.text('external_hash IS NOT NULL'))
        batch_op.create_index('ix_outbox_once_key', ['once_key'], unique=True, sqlite_where=sa.text('once_key IS NOT NULL'), postgresql_where=sa.text('once_key IS NOT NULL'))
        batch_op.create_index('ix_outbox_sending', ['claimed_until'], unique=False, sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.create_index('ix_outbox_sending_contact', ['contact_id', 'id'], unique=False, sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.create_index('ix_outbox_unasked', ['contact_id', 'sent_at'], unique=False, sqlite_where=sa.text('priority >= 2 AND sent_at IS NOT NULL'), postgresql_where=sa.text('priority >= 2 AND sent_at IS NOT NULL'))

    op.create_table('picture',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('image', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('unsent_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_picture'))
    )
    with op.batch_alter_table('picture', schema=None) as batch_op:
        batch_op.create_index('ix_picture_unsent', ['unsent_by', 'made_at'], unique=False, sqlite_where=sa.text('unsent_by IS NOT NULL'), postgresql_where=sa.text('unsent_by IS NOT NULL'))

    op.create_table('segment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('target', sa.JSON(), nullable=False),
    sa.Column('made_by', sa.String(length=80), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segment')),
    sa.UniqueConstraint('name', name=op.f('uq_segment_name'))
    )
    op.create_table('sending_slot',
    sa.Column('route', sa.String(length=131), nullable=False),
    sa.Column('next_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('held_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('first_contacts_held_us', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('route', name=op.f('pk_sending_slot'))
    )
    op.create_table('setting',
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('value', sa.String(length=500), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_setting'))
    )
    op.create_table('staff_user',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('login', sa.String(length=60), nullable=False),
    sa.Column('password_hash', sa.String(length=160), nullable=False),
    sa.Column('role', sa.String(30), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('totp_secret', sa.LargeBinary(), nullable=True),
    sa.Column('sessions_ended', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_user')),
    sa.UniqueConstraint('login', name=op.f('uq_staff_user_login'))
    )
    op.create_table('account_news',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('channel', sa.String(30), nullable=False),
    sa.Column('account', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=60), nullable=False),
    sa.Column('detail', sa.String(length=60), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_news'))
    )
    with op.batch_alter_table('account_news', schema=None) as batch_op:
        batch_op.create_index('ix_account_news_at', ['at', 'id'], unique=False)

    op.create_table('lead_draft',
    sa.Column('code_hash', sa.LargeBinary(length=16), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('fields', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_lead_draft_contact_id_contact')),
    sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_lead_draft'))
    )
    with op.batch_alter_table('lead_draft', schema=None) as batch_op:
        batch_op.create_index('ix_lead_draft_contact_id', ['contact_id'], unique=False)

    op.create_table('passing_talk',
    sa.Column('inbound_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_passing_talk_contact_id_contact')),
    sa.PrimaryKeyConstraint('inbound_id', name=op.f('pk_passing_talk'))
    )
    with op.batch_alter_table('passing_talk', schema=None) as batch_op:
        batch_op.create_index('ix_passing_talk_contact_id', ['contact_id'], unique=False)

    op.create_table('join_code',
    sa.Column('code_hash', sa.LargeBinary(length=16), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_join_code_contact_id_contact')),
    sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_join_code'))
    )
    with op.batch_alter_table('join_code', schema=None) as batch_op:
        batch_op.create_index('ix_join_code_contact_id', ['contact_id'], unique=False)

    op.create_table('unread',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('channel', sa.String(30), nullable=False),
    sa.Column('why', sa.String(length=60), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unread'))
    )
    op.create_table('address',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('channel', sa.String(30), nullable=False),
    sa.Column('account', sa.String(length=100), nullable=False),
    sa.Column('external_id', sa.LargeBinary(), nullable=True),
    sa.Column('external_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('blocked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_inbound_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('phone_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('burst_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('burst', sa.Integer(), nullable=False),
    sa.Column('approached_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_address_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address')),
    sa.UniqueConstraint('channel', 'account', 'external_hash', name=op.f('uq_address_channel_account_external_hash'))
    )
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.create_index('ix_address_approached', ['channel', 'account', 'approached_at'], unique=False, sqlite_where=sa.text('approached_at IS NOT NULL'), postgresql_where=sa.text('approached_at IS NOT NULL'))
        batch_op.create_index('ix_address_contact_id', ['contact_id'], unique=False)
        batch_op.create_index('ix_address_phone_hash', ['phone_hash'], unique=False, sqlite_where=sa.text('phone_hash IS NOT NULL'), postgresql_where=sa.text('phone_hash IS NOT NULL'))

    op.create_table('broadcast',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('village_code', sa.String(length=13), nullable=True),
    sa.Column('target', sa.JSON(), nullable=True),
    sa.Column('reviewed', sa.Boolean(), nullable=False),
    sa.Column('made_by_contact', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('made_by_staff', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('picture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('slots', sa.LargeBinary(), nullable=True),
    sa.Column('reply', sa.String(length=80), nullable=True),
    sa.Column('content_version', sa.String(length=64), nullable=True),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('will', sa.Integer(), nullable=False),
    sa.Column('wont', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('scheduled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('forgotten_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['decided_by'], ['staff_user.id'], name=op.f('fk_broadcast_decided_by_staff_user')),
    sa.ForeignKeyConstraint(['made_by_contact'], ['contact.id'], name=op.f('fk_broadcast_made_by_contact_contact')),
    sa.ForeignKeyConstraint(['made_by_staff'], ['staff_user.id'], name=op.f('fk_broadcast_made_by_staff_staff_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast'))
    )
    with op.batch_alter_table('broadcast', schema=None) as batch_op:
        batch_op.create_index('ix_broadcast_kept', ['created_at', 'id'], unique=False, sqlite_where=sa.text('forgotten_at IS NULL'), postgresql_where=sa.text('forgotten_at IS NULL'))
        batch_op.create_index('ix_broadcast_made_by_contact', ['made_by_contact', 'id'], unique=False, sqlite_where=sa.text('made_by_contact IS NOT NULL'), postgresql_where=sa.text('made_by_contact IS NOT NULL'))
        batch_op.create_index('ix_broadcast_scheduled', ['scheduled_at', 'id'], unique=False, sqlite_where=sa.text("state = 'scheduled'"), postgresql_where=sa.text("state = 'scheduled'"))
        batch_op.create_index('ix_broadcast_sending', ['id'], unique=False, sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.create_index('ix_broadcast_unswept', ['id'], unique=False, sqlite_where=sa.text("state = 'cancelled' AND swept_at IS NULL"), postgresql_where=sa.text("state = 'cancelled' AND swept_at IS NULL"))
        batch_op.create_index('ix_broadcast_village_code', ['village_code', 'id'], unique=False)

    op.create_table('consent',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('purpose', sa.String(30), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('version', sa.String(length=60), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('via', sa.String(length=30), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_consent_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent'))
    )
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.create_index('ix_consent_contact_id', ['contact_id', 'id'], unique=False)

    op.create_table('consent_current',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('purpose', sa.String(30), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('version', sa.String(length=60), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_consent_current_contact_id_contact')),
    sa.PrimaryKeyConstraint('contact_id', 'purpose', name=op.f('pk_consent_current'))
    )
    op.create_table('handoff',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('grave', sa.Boolean(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.String(length=80), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.String(length=80), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_handoff_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handoff'))
    )
    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.create_index('ix_handoff_contact_id', ['contact_id', 'id'], unique=False)
        batch_op.create_index('ix_handoff_open', ['id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('inbound',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('channel', sa.String(30), nullable=False),
    sa.Column('account', sa.String(length=100), nullable=False),
    sa.Column('external_hash', sa.LargeBinary(length=16), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error_code', sa.String(length=60), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_inbound_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound')),
    sa.UniqueConstraint('channel', 'account', 'external_hash', name=op.f('uq_inbound_channel_account_external_hash'))
    )
    with op.batch_alter_table('inbound', schema=None) as batch_op:
        batch_op.create_index('ix_inbound_contact_id', ['contact_id', 'id'], unique=False)
        batch_op.create_index('ix_inbound_set_aside', ['id'], unique=False, sqlite_where=sa.text("state = 'set_aside'"), postgresql_where=sa.text("state = 'set_aside'"))
        batch_op.create_index('ix_inbound_waiting', ['id'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.create_index('ix_inbound_waiting_contact', ['contact_id', 'id'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.create_table('lead',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=30), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('fields', sa.LargeBinary(), nullable=True),
    sa.Column('nik_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('phone_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('village_code', sa.String(length=13), nullable=True),
    sa.Column('occupation', sa.String(length=40), nullable=True),
    sa.Column('sector', sa.String(length=20), nullable=True),
    sa.Column('program', sa.String(length=10), nullable=True),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('consent_version', sa.String(length=60), nullable=False),
    sa.Column('duplicate_of', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('duplicate_by', sa.String(30), nullable=True),
    sa.Column('assigned_to', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('official_number', sa.String(length=40), nullable=True),
    sa.Column('close_reason', sa.String(length=60), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_lead_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead')),
    sa.UniqueConstraint('number', name=op.f('uq_lead_number'))
    )
    with op.batch_alter_table('lead', schema=None) as batch_op:
        batch_op.create_index('ix_lead_assigned_newest', ['assigned_to', 'id'], unique=False, sqlite_where=sa.text('assigned_to IS NOT NULL'), postgresql_where=sa.text('assigned_to IS NOT NULL'))
        batch_op.create_index('ix_lead_nobodys', ['id'], unique=False, sqlite_where=sa.text('assigned_to IS NULL'), postgresql_where=sa.text('assigned_to IS NULL'))
        batch_op.create_index('ix_lead_contact_id', ['contact_id', 'id'], unique=False)
        batch_op.create_index('ix_lead_duplicate_of', ['duplicate_of', 'id'], unique=False, sqlite_where=sa.text('duplicate_of IS NOT NULL'), postgresql_where=sa.text('duplicate_of IS NOT NULL'))
        batch_op.create_index('ix_lead_nik_hash', ['nik_hash'], unique=False, sqlite_where=sa.text('nik_hash IS NOT NULL'), postgresql_where=sa.text('nik_hash IS NOT NULL'))
        batch_op.create_index('ix_lead_phone_hash', ['phone_hash'], unique=False, sqlite_where=sa.text('phone_hash IS NOT NULL'), postgresql_where=sa.text('phone_hash IS NOT NULL'))
        batch_op.create_index('ix_lead_state', ['state', 'id'], unique=False)
        batch_op.create_index('ix_lead_state_since', ['state', 'state_since', 'id'], unique=False)
        batch_op.create_index('ix_lead_assigned', ['assigned_to', 'state', 'state_since', 'id'], unique=False, sqlite_where=sa.text('assigned_to IS NOT NULL'), postgresql_where=sa.text('assigned_to IS NOT NULL'))
        batch_op.create_index('ix_lead_twins', ['id'], unique=False, sqlite_where=sa.text("duplicate_of IS NOT NULL AND state <> 'closed'"), postgresql_where=sa.text("duplicate_of IS NOT NULL AND state <> 'closed'"))
        batch_op.create_index('ix_lead_village_code_state', ['village_code', 'state', 'id'], unique=False)

    op.create_table('not_understood',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=True),
    sa.Column('ranking', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_not_understood_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_not_understood'))
    )
    with op.batch_alter_table('not_understood', schema=None) as batch_op:
        batch_op.create_index('ix_not_understood_contact_id', ['contact_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(30), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_notice_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('ix_notice_contact_id', ['contact_id'], unique=False)
        batch_op.create_index('ix_notice_pending', ['id'], unique=False, sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))

    op.create_table('reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.Enum('contribution', 'unfinished', 'contacted', name='promise', native_enum=False, length=30), nullable=False),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('hour', sa.Integer(), nullable=False),
    sa.Column('plan', sa.LargeBinary(), nullable=True),
    sa.Column('stage', sa.Integer(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_reminder_contact_id_contact')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('contact_id', 'kind', name=op.f('uq_reminder_contact_id_kind'))
    )
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.create_index('ix_reminder_next_due_at', ['next_due_at', 'id'], unique=False, sqlite_where=sa.text('stopped_at IS NULL AND paused_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL AND paused_at IS NULL'))

    op.create_table('session',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('state', sa.LargeBinary(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('touched_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_session_contact_id_contact')),
    sa.PrimaryKeyConstraint('contact_id', name=op.f('pk_session'))
    )
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.create_index('ix_session_touched_at', ['touched_at'], unique=False)

    op.create_table('lead_upload',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('staff_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=True),
    sa.Column('paper', sa.LargeBinary(), nullable=True),
    sa.Column('file', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('why', sa.String(length=300), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('good', sa.Integer(), nullable=False),
    sa.Column('bad', sa.Integer(), nullable=False),
    sa.Column('noted', sa.Integer(), nullable=False),
    sa.Column('shown', sa.LargeBinary(), nullable=True),
    sa.Column('errors', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff_user.id'], name=op.f('fk_lead_upload_staff_id_staff_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead_upload'))
    )
    with op.batch_alter_table('lead_upload', schema=None) as batch_op:
        batch_op.create_index('ix_lead_upload_staff_id', ['staff_id', 'id'], unique=False)

    op.create_table('territory',
    sa.Column('code', sa.String(length=13), nullable=False),
    sa.Column('staff_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff_user.id'], name=op.f('fk_territory_staff_id_staff_user')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_territory'))
    )
    op.create_table('lead_move',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('from_state', sa.String(30), nullable=False),
    sa.Column('to_state', sa.String(30), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_lead_move_lead_id_lead')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead_move'))
    )
    with op.batch_alter_table('lead_move', schema=None) as batch_op:
        batch_op.create_index('ix_lead_move_lead_id', ['lead_id', 'id'], unique=False)

    op.create_table('gathering',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(30), nullable=False),
    sa.Column('title', sa.LargeBinary(), nullable=False),
    sa.Column('place', sa.LargeBinary(), nullable=False),
    sa.Column('map_link', sa.LargeBinary(), nullable=True),
    sa.Column('village_code', sa.String(length=13), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('for_whom', sa.String(30), nullable=False),
    sa.Column('state', sa.String(30), nullable=False),
    sa.Column('door', sa.String(length=10), nullable=False),
    sa.Column('coming', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('next_step', sa.String(30), nullable=True),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('made_by_contact', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('made_by_staff', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gathering'))
    )
    with op.batch_alter_table('gathering', schema=None) as batch_op:
        batch_op.create_index('ix_gathering_door', ['door'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.create_index('ix_gathering_next_due_at', ['next_due_at', 'id'], unique=False, sqlite_where=sa.text('next_due_at IS NOT NULL'), postgresql_where=sa.text('next_due_at IS NOT NULL'))
        batch_op.create_index('ix_gathering_village_code', ['village_code', 'starts_at'], unique=False)

    op.create_table('gathering_input',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('gathering_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('role', sa.String(30), nullable=False),
    sa.Column('question', sa.String(length=60), nullable=False),
    sa.Column('answer', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_gathering_input_contact_id_contact')),
    sa.ForeignKeyConstraint(['gathering_id'], ['gathering.id'], name=op.f('fk_gathering_input_gathering_id_gathering')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gathering_input')),
    sa.UniqueConstraint('gathering_id', 'contact_id', 'question', name=op.f('uq_gathering_input_gathering_id_contact_id_question'))
    )
    with op.batch_alter_table('gathering_input', schema=None) as batch_op:
        batch_op.create_index('ix_gathering_input_contact_id', ['contact_id'], unique=False)

    op.create_table('gathering_person',
    sa.Column('gathering_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('attending', sa.String(30), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.Column('tell', sa.String(30), nullable=True),
    sa.Column('outbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('waiting_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_in_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('useful', sa.String(30), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_gathering_person_contact_id_contact')),
    sa.ForeignKeyConstraint(['gathering_id'], ['gathering.id'], name=op.f('fk_gathering_person_gathering_id_gathering')),
    sa.PrimaryKeyConstraint('gathering_id', 'contact_id', name=op.f('pk_gathering_person'))
    )
    with op.batch_alter_table('gathering_person', schema=None) as batch_op:
        batch_op.create_index('ix_gathering_person_attending', ['gathering_id', 'attending', 'waiting_since', 'contact_id'], unique=False)
        batch_op.create_index('ix_gathering_person_contact', ['contact_id', 'gathering_id'], unique=False)
        batch_op.create_index('ix_gathering_person_tell', ['gathering_id', 'contact_id'], unique=False, sqlite_where=sa.text('tell IS NOT NULL'), postgresql_where=sa.text('tell IS NOT NULL'))


def downgrade() -> None:
    with op.batch_alter_table('gathering_person', schema=None) as batch_op:
        batch_op.drop_index('ix_gathering_person_tell', sqlite_where=sa.text('tell IS NOT NULL'), postgresql_where=sa.text('tell IS NOT NULL'))
        batch_op.drop_index('ix_gathering_person_contact')
        batch_op.drop_index('ix_gathering_person_attending')

    op.drop_table('gathering_person')
    with op.batch_alter_table('gathering_input', schema=None) as batch_op:
        batch_op.drop_index('ix_gathering_input_contact_id')

    op.drop_table('gathering_input')
    with op.batch_alter_table('gathering', schema=None) as batch_op:
        batch_op.drop_index('ix_gathering_village_code')
        batch_op.drop_index('ix_gathering_next_due_at', sqlite_where=sa.text('next_due_at IS NOT NULL'), postgresql_where=sa.text('next_due_at IS NOT NULL'))
        batch_op.drop_index('ix_gathering_door', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.drop_table('gathering')

    with op.batch_alter_table('lead_move', schema=None) as batch_op:
        batch_op.drop_index('ix_lead_move_lead_id')

    op.drop_table('lead_move')
    op.drop_table('session')
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_index('ix_reminder_next_due_at', sqlite_where=sa.text('stopped_at IS NULL AND paused_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL AND paused_at IS NULL'))

    op.drop_table('reminder')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_pending', sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))
        batch_op.drop_index('ix_notice_contact_id')

    op.drop_table('notice')
    with op.batch_alter_table('not_understood', schema=None) as batch_op:
        batch_op.drop_index('ix_not_understood_contact_id')

    op.drop_table('not_understood')
    with op.batch_alter_table('lead', schema=None) as batch_op:
        batch_op.drop_index('ix_lead_village_code_state')
        batch_op.drop_index('ix_lead_twins', sqlite_where=sa.text("duplicate_of IS NOT NULL AND state <> 'closed'"), postgresql_where=sa.text("duplicate_of IS NOT NULL AND state <> 'closed'"))
        batch_op.drop_index('ix_lead_assigned', sqlite_where=sa.text('assigned_to IS NOT NULL'), postgresql_where=sa.text('assigned_to IS NOT NULL'))
        batch_op.drop_index('ix_lead_state_since')
        batch_op.drop_index('ix_lead_state')
        batch_op.drop_index('ix_lead_phone_hash', sqlite_where=sa.text('phone_hash IS NOT NULL'), postgresql_where=sa.text('phone_hash IS NOT NULL'))
        batch_op.drop_index('ix_lead_nik_hash', sqlite_where=sa.text('nik_hash IS NOT NULL'), postgresql_where=sa.text('nik_hash IS NOT NULL'))
        batch_op.drop_index('ix_lead_duplicate_of', sqlite_where=sa.text('duplicate_of IS NOT NULL'), postgresql_where=sa.text('duplicate_of IS NOT NULL'))
        batch_op.drop_index('ix_lead_contact_id')
        batch_op.drop_index('ix_lead_nobodys', sqlite_where=sa.text('assigned_to IS NULL'), postgresql_where=sa.text('assigned_to IS NULL'))
        batch_op.drop_index('ix_lead_assigned_newest', sqlite_where=sa.text('assigned_to IS NOT NULL'), postgresql_where=sa.text('assigned_to IS NOT NULL'))

    op.drop_table('lead')
    with op.batch_alter_table('inbound', schema=None) as batch_op:
        batch_op.drop_index('ix_inbound_waiting_contact', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index('ix_inbound_waiting', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index('ix_inbound_set_aside', sqlite_where=sa.text("state = 'set_aside'"), postgresql_where=sa.text("state = 'set_aside'"))
        batch_op.drop_index('ix_inbound_contact_id')

    op.drop_table('inbound')
    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.drop_index('ix_handoff_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index('ix_handoff_contact_id')

    op.drop_table('handoff')
    op.drop_table('consent_current')
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.drop_index('ix_consent_contact_id')

    op.drop_table('consent')
    with op.batch_alter_table('broadcast', schema=None) as batch_op:
        batch_op.drop_index('ix_broadcast_village_code')
        batch_op.drop_index('ix_broadcast_kept', sqlite_where=sa.text('forgotten_at IS NULL'), postgresql_where=sa.text('forgotten_at IS NULL'))
        batch_op.drop_index('ix_broadcast_made_by_contact', sqlite_where=sa.text('made_by_contact IS NOT NULL'), postgresql_where=sa.text('made_by_contact IS NOT NULL'))
        batch_op.drop_index('ix_broadcast_unswept', sqlite_where=sa.text("state = 'cancelled' AND swept_at IS NULL"), postgresql_where=sa.text("state = 'cancelled' AND swept_at IS NULL"))
        batch_op.drop_index('ix_broadcast_scheduled', sqlite_where=sa.text("state = 'scheduled'"), postgresql_where=sa.text("state = 'scheduled'"))
        batch_op.drop_index('ix_broadcast_sending', sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))

    op.drop_table('broadcast')
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.drop_index('ix_address_phone_hash', sqlite_where=sa.text('phone_hash IS NOT NULL'), postgresql_where=sa.text('phone_hash IS NOT NULL'))
        batch_op.drop_index('ix_address_contact_id')
        batch_op.drop_index('ix_address_approached', sqlite_where=sa.text('approached_at IS NOT NULL'), postgresql_where=sa.text('approached_at IS NOT NULL'))

    op.drop_table('address')
    op.drop_table('passing_talk')
    op.drop_table('lead_draft')
    op.drop_table('join_code')
    op.drop_table('account_news')
    op.drop_table('unread')
    op.drop_table('territory')
    with op.batch_alter_table('lead_upload', schema=None) as batch_op:
        batch_op.drop_index('ix_lead_upload_staff_id')

    op.drop_table('lead_upload')
    op.drop_table('staff_user')
    op.drop_table('setting')
    op.drop_table('sending_slot')
    op.drop_table('segment')
    with op.batch_alter_table('picture', schema=None) as batch_op:
        batch_op.drop_index('ix_picture_unsent', sqlite_where=sa.text('unsent_by IS NOT NULL'), postgresql_where=sa.text('unsent_by IS NOT NULL'))

    op.drop_table('picture')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_unasked', sqlite_where=sa.text('priority >= 2 AND sent_at IS NOT NULL'), postgresql_where=sa.text('priority >= 2 AND sent_at IS NOT NULL'))
        batch_op.drop_index('ix_outbox_sending_contact', sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.drop_index('ix_outbox_sending', sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.drop_index('ix_outbox_once_key', sqlite_where=sa.text('once_key IS NOT NULL'), postgresql_where=sa.text('once_key IS NOT NULL'))
        batch_op.drop_index('ix_outbox_external_hash', sqlite_where=sa.text('external_hash IS NOT NULL'), postgresql_where=sa.text('external_hash IS NOT NULL'))
        batch_op.drop_index('ix_outbox_due_reply', sqlite_where=sa.text("state = 'due' AND priority = 0"), postgresql_where=sa.text("state = 'due' AND priority = 0"))
        batch_op.drop_index('ix_outbox_due', sqlite_where=sa.text("state = 'due' AND broadcast_id IS NULL"), postgresql_where=sa.text("state = 'due' AND broadcast_id IS NULL"))
        batch_op.drop_index('ix_outbox_contact_id')
        batch_op.drop_index('ix_outbox_broadcast_person', sqlite_where=sa.text('broadcast_id IS NOT NULL'), postgresql_where=sa.text('broadcast_id IS NOT NULL'))
        batch_op.drop_index('ix_outbox_broadcast_due', sqlite_where=sa.text("state = 'due' AND broadcast_id IS NOT NULL"), postgresql_where=sa.text("state = 'due' AND broadcast_id IS NOT NULL"))

    op.drop_table('outbox')
    op.drop_table('early_report')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index('ix_contact_village_code')
        batch_op.drop_index('ix_contact_address_id')
        batch_op.drop_index('ix_contact_officials', sqlite_where=sa.text("role = 'official'"), postgresql_where=sa.text("role = 'official'"))
        batch_op.drop_index('ix_contact_erased', sqlite_where=sa.text('erased_at IS NOT NULL'), postgresql_where=sa.text('erased_at IS NOT NULL'))

    op.drop_table('contact')
    with op.batch_alter_table('broadcast_person', schema=None) as batch_op:
        batch_op.drop_index('ix_broadcast_person_state')

    op.drop_table('broadcast_person')
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_who')
        batch_op.drop_index('ix_audit_target')
        batch_op.drop_index('ix_audit_action')

    op.drop_table('audit')
