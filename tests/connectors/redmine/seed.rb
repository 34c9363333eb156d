# Fills a fresh Redmine with a small desk whose every time is known. Prints the API keys as JSON.
ActiveRecord::Base.logger = nil
ActiveRecord::Migration.verbose = false
ActiveRecord::MigrationContext.new(Rails.root.join('db/migrate').to_s, ActiveRecord::SchemaMigration).migrate
ActiveRecord::Base.descendants.each { |one| one.reset_column_information unless one.abstract_class? }
Redmine::DefaultData::Loader.load('en')
ActionMailer::Base.perform_deliveries = false
{ 'rest_api_enabled' => '1', 'issue_group_assignment' => '1', 'login_required' => '0', 'notified_events' => [] }.each do |k, v|
  Setting[k] = v
end
User.find(1).update_columns(must_change_passwd: false, last_login_on: Time.utc(2026, 3, 1, 8))

def person(login, first, last, status = 1)
  user = User.new(firstname: first, lastname: last, mail: "#{login}@example.org", status: status, language: 'en')
  user.login = login
  user.password = 'correct horse battery'
  user.mail_notification = 'none'
  user.save!
  user.update_columns(created_on: Time.utc(2025, 1, 1, 8))
  user
end

anna = person('anna', 'Anna', 'Agent')
ben = person('ben', 'Ben', 'Agent')
cora = person('cora', 'Cora', 'Customer')
lars = person('lars', 'Lars', 'Left', 3)
reader = person('reader', 'Rita', 'Reader')
poor = person('poor', 'Paul', 'Poor')
anna.update_columns(last_login_on: Time.utc(2026, 3, 2, 7), twofa_scheme: 'totp', passwd_changed_on: Time.utc(2026, 1, 5, 7))

manager, developer, reporter = %w[Manager Developer Reporter].map { |name| Role.find_by!(name: name) }
auditor = Role.create!(name: 'Auditor', assignable: false, issues_visibility: 'all', time_entries_visibility: 'all',
                       permissions: %i[view_issues view_private_notes view_time_entries view_members view_wiki_pages])
narrow = Role.create!(name: 'Narrow', assignable: false, issues_visibility: 'own', time_entries_visibility: 'own',
                      permissions: %i[view_issues view_members])
developer.add_permission!(:view_private_notes)
Role.non_member.update!(permissions: %i[view_issues])
Role.anonymous.update!(permissions: %i[view_issues])

def project(name, identifier, public, modules)
  found = Project.new(name: name, identifier: identifier, is_public: public)
  found.enabled_module_names = modules
  found.trackers = Tracker.all
  found.save!
  found
end

desk = project('Desk', 'desk', true, %w[issue_tracking time_tracking wiki])
back = project('Backoffice', 'back', false, %w[issue_tracking time_tracking])
plain = project('Plain', 'plain', false, %w[wiki])
second = Group.create!(lastname: 'Second line')
second.users << ben
[[desk, anna, developer], [desk, second, developer], [desk, cora, reporter], [desk, lars, developer], [back, anna, manager],
 [desk, reader, auditor], [back, reader, auditor], [plain, reader, auditor], [desk, poor, narrow], [back, poor, narrow]].each do |where, who, role|
  Member.create!(project: where, principal: who, roles: [role])
end

def field(name, format, more = {})
  IssueCustomField.create!({ name: name, field_format: format, is_for_all: true, is_filter: true, trackers: Tracker.all }.merge(more))
end

urgency = field('Urgency', 'list', possible_values: %w[now soon later])
parts = field('Parts', 'list', possible_values: %w[disk screen cable], multiple: true)
site = field('Site', 'enumeration')
oslo = site.enumerations.create!(name: 'Oslo', position: 1)
bergen = site.enumerations.create!(name: 'Bergen', position: 2)
confirmed = field('Confirmed', 'bool')
network = IssueCategory.create!(project: desk, name: 'Network')

STATUS = IssueStatus.all.index_by(&:name)
PRIORITY = IssuePriority.all.index_by(&:name)
TRACKER = Tracker.all.index_by(&:name)

def issue(project, author, subject, at, more = {})
  found = Issue.new(project: project, author: author, subject: subject, tracker: TRACKER['Support'], status: STATUS['New'],
                    priority: PRIORITY['Normal'])
  found.notify = false
  found.assign_attributes(more)
  found.save!
  found.update_columns(created_on: at, updated_on: at)
  found
end

def journal(issue, user, at, notes = '', private_notes: false, set: {}, cf: {})
  before = issue.attributes
  found = Journal.new(journalized: issue, user: user, notes: notes, private_notes: private_notes)
  found.notify = false
  set.each { |name, value| found.details.build(property: 'attr', prop_key: name.to_s, old_value: before[name.to_s], value: value) }
  cf.each { |id, (old, new)| found.details.build(property: 'cf', prop_key: id.to_s, old_value: old, value: new) }
  found.save!
  found.update_columns(created_on: at)
  closes = set[:status_id] && IssueStatus.find(set[:status_id]).is_closed
  issue.update_columns(set.merge(updated_on: at).merge(closes ? { closed_on: at } : {}))
  found
end

id = ->(name) { STATUS[name].id }
# 1: answered, resolved and closed.
one = issue(desk, cora, 'Printer on fire', Time.utc(2026, 3, 2, 9), priority: PRIORITY['Urgent'], category: network,
            due_date: Date.new(2026, 3, 4),
            custom_field_values: { urgency.id => 'now', parts.id => %w[disk cable], site.id => bergen.id.to_s, confirmed.id => '1' })
journal(one, ben, Time.utc(2026, 3, 2, 9, 10), set: { assigned_to_id: anna.id, status_id: id['In Progress'] })
journal(one, ben, Time.utc(2026, 3, 2, 9, 20), 'ask the vendor', private_notes: true)
journal(one, anna, Time.utc(2026, 3, 2, 9, 30), 'We are on it.')
journal(one, cora, Time.utc(2026, 3, 2, 9, 40), 'Thank you')
journal(one, anna, Time.utc(2026, 3, 2, 11), 'Put out, with foam.', set: { status_id: id['Resolved'] },
        cf: { urgency.id => %w[soon now] })
journal(one, anna, Time.utc(2026, 3, 3, 9), set: { status_id: id['Closed'] })
# 2: closed and opened again: Redmine keeps closed_on. Held by a group, raised, moved from one project to the other.
two = issue(back, cora, 'No mail', Time.utc(2026, 3, 2, 10))
journal(two, anna, Time.utc(2026, 3, 2, 12), set: { status_id: id['Closed'] })
journal(two, cora, Time.utc(2026, 3, 2, 13), 'Still no mail', set: { status_id: id['In Progress'] })
journal(two, anna, Time.utc(2026, 3, 2, 14), set: { project_id: desk.id, assigned_to_id: second.id, priority_id: PRIORITY['High'].id,
                                                   description: 'long text' })
# 3: a private project, held by somebody who has left; 4: an old one that is still open; 5: rejected.
three = issue(back, anna, "Audit \e[31mred\u202e", Time.utc(2026, 3, 2, 11), assigned_to: anna)
three.update_columns(assigned_to_id: lars.id)
four = issue(desk, cora, 'Old and open', Time.utc(2020, 1, 1, 10))
five = issue(desk, User.anonymous, 'Buy pills', Time.utc(2026, 3, 2, 15))
journal(five, anna, Time.utc(2026, 3, 2, 15, 5), set: { status_id: id['Rejected'] })

def spent(issue, user, day, hours, entered)
  found = TimeEntry.new(project: issue.project, issue: issue, user: user, author: user, spent_on: day, hours: hours,
                        activity: TimeEntryActivity.first, comments: 'secret words')
  found.save!
  found.update_columns(created_on: entered, updated_on: entered)
  found
end

spent(one, anna, Date.new(2026, 3, 2), 1.5, Time.utc(2026, 3, 2, 11, 30)) # the same day
spent(one, ben, Date.new(2026, 3, 2), 0.25, Time.utc(2026, 3, 6, 8)) # four days late
spent(three, anna, Date.new(2026, 3, 3), 2, Time.utc(2026, 3, 2, 18)) # before it was done
general = spent(two, anna, Date.new(2026, 3, 4), 1, Time.utc(2026, 3, 4, 16))
general.update_columns(issue_id: nil)

# 105 tickets of one second: more than a page holds.
same = Time.utc(2026, 2, 1, 12)
rows = (1..105).map do |n|
  { project_id: back.id, tracker_id: TRACKER['Bug'].id, status_id: id['Closed'], priority_id: PRIORITY['Normal'].id, author_id: cora.id,
    subject: "Bulk #{n}", created_on: same, updated_on: same, closed_on: same, lft: 1, rgt: 2 }
end
Issue.insert_all!(rows)
Issue.where(root_id: nil).update_all('root_id = id')

wiki = desk.wiki || Wiki.create!(project: desk, start_page: 'Wiki')
page = WikiPage.new(wiki: wiki, title: 'Mail_setup')
page.content = WikiContent.new(page: page, text: 'h1. Mail', author: anna)
page.content.notify = false if page.content.respond_to?(:notify=)
page.save!
page.update_columns(created_on: Time.utc(2025, 5, 1, 8))
page.content.update_columns(updated_on: Time.utc(2025, 6, 1, 8))

keys = { admin: User.find(1), reader: reader, poor: poor, anna: anna }.transform_values(&:api_key)
ids = { desk: desk.id, back: back.id, one: one.id, two: two.id, three: three.id, four: four.id, five: five.id, anna: anna.id, ben: ben.id,
        cora: cora.id, lars: lars.id, reader: reader.id, poor: poor.id, group: second.id }
File.write(ENV.fetch('SEEDED'), { keys: keys, ids: ids }.to_json)
