"""Companies."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "The company is the mapped one, else the one of the same name, else a contact's",
        "flows.company_book.CompanyBook._find",
        "flows/test_companies.py::test_the_map_wins_over_the_name",
        "flows/test_companies.py::test_no_company_is_created_where_an_address_leads_to_one",
    ),
    rule(
        "Names are compared without case, legal form and Unicode's variants",
        "domain.companies.normal_name",
        "unit/domain/test_companies.py::test_these_names_are_one_company_s",
        "flows/test_companies.py::test_names_match_without_legal_form_and_case",
    ),
    rule(
        "Inactive companies are passed over",
        "domain.companies.NameIndex.of",
        "unit/domain/test_companies.py"
        "::test_active_companies_of_one_name_are_all_found_and_inactive_ones_are_not",
    ),
    rule(
        "The e-mail address of one of the client's contacts leads to the company",
        "flows.company_book.CompanyBook._by_email",
        "flows/test_companies.py::test_a_contacts_address_leads_to_the_company",
        "flows/test_companies.py::test_an_inactive_company_of_a_contact_is_passed_over",
    ),
    rule(
        "More than one match is an error that lists the candidates",
        "domain.companies.only_match",
        "unit/domain/test_companies.py::test_several_candidates_are_an_error_that_lists_them",
        "flows/test_companies.py::test_an_address_on_two_companies_lists_both",
    ),
    rule(
        "No match is an error of that client's projects",
        "domain.companies.no_match",
        "unit/domain/test_companies.py::test_no_candidate_is_an_error_that_says_what_to_do",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
    ),
)
