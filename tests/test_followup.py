"""Conversations about what the corpus tells of, and what their last question is read as.

A line of a table is one conversation, its turns between bars: those of the assistant open with ">", and the last is
what the question before it becomes. A line that opens with blanks goes on with the one before.
"""

import time

import pytest

from shanghai_qa.followup import complete, completed, leans
from shanghai_qa.question import understand
from shanghai_qa.values import Turn
from tests.samples import LEXICON


def conversations(table: str) -> list[tuple[list[Turn], str, str]]:
    """The turns before, the question and its reading, of each conversation of a table."""
    found = []
    for line in table.strip().replace("\n    ", " ").splitlines():
        *before, text, read = line.split(" | ")
        found.append((turns(*before), text, read))
    return found


def turns(*said: str) -> list[Turn]:
    return [Turn("assistant", one[2:]) if one.startswith("> ") else Turn("user", one) for one in said]


def read_as(text: str, before: list[Turn]) -> str | None:
    return understand(text, before, LEXICON, 2000, is_word=lambda _: True).read_as


PRONOUNS = """
What was SMIC's revenue in 2024? | who founded it? | Who founded SMIC?
How many people work at SMIC? | how many of them are women? | How many of the people who work at SMIC are women?
How many startups are in Quantum Valley? | How many of them are listed? |
    How many of the startups that are in Quantum Valley are listed?
When was Ele.me founded? | who owns it? | Who owns Ele.me?
Who founded Biren? | Is it listed? | Is Biren listed?
What is the Shanghai Data Exchange? | where is it based? | Where is the Shanghai Data Exchange based?
Where is AMEC? | what does it make? | What does AMEC make?
How many humanoid robots did AgiBot ship in 2025? | When did they start? | When did AgiBot start?
How deep is Lingang's undersea data centre? | which company built it? |
    Which company built Lingang's undersea data centre?
Who is the chairman of SMIC? | how old is he? | How old is the chairman of SMIC?
When was the Zizhu zone approved? | how large is it? | How large is the Zizhu zone?
When was the hard X-ray laser in Zhangjiang approved? | Who pays for it? |
    Who pays for the hard X-ray laser in Zhangjiang?
How large is the hard X-ray laser in Zhangjiang? | Who pays for it? | Who pays for the hard X-ray laser in Zhangjiang?
How many people can work at Huawei's Lianqiu Lake campus? | when was it finished? |
    When was Huawei's Lianqiu Lake campus finished?
How many vehicles did Tesla's Shanghai plant deliver in 2025? | When did it open? |
    When did Tesla's Shanghai plant open?
How many visits did the WAIC of 2025 receive? | Where was it held? | Where was the WAIC of 2025 held?
What was Shanghai's share of China's chip revenue in 2022? | How has it changed? |
    How has Shanghai's share of China's chip revenue changed?
How deep is the undersea data centre? | Who built it? | Who built the undersea data centre?
Who founded StepFun? | where did he work before? | Where did the founder of StepFun work before?
How many startups are in Quantum Valley? | How many people work there? | How many people work in Quantum Valley?
How tall is the humanoid robot Qinglong? | Who developed it? | Who developed the humanoid robot Qinglong?
How tall is the humanoid robot Qinglong? | And how heavy is it? | How heavy is the humanoid robot Qinglong?
How much can Fourier's GR-1 carry? | How tall is it? | How tall is Fourier's GR-1?
When did the C919 make its maiden flight? | Who builds it? | Who builds the C919?
When did the C919 make its maiden flight? | How many passengers can it carry? | How many passengers can the C919 carry?
How large is the Shanghai Future Industry Fund? | who runs it? | Who runs the Shanghai Future Industry Fund?
How large is the Shanghai Future Industry Fund? | And what does it invest in? |
    What does the Shanghai Future Industry Fund invest in?
When was the STAR Market launched? | How many companies are listed there? |
    How many companies are listed on the STAR Market?
When was the STAR Market launched? | How many companies are on it? | How many companies are on the STAR Market?
How many Shanghai companies are on the STAR Market? | What did they raise? |
    What did the Shanghai companies that are on the STAR Market raise?
When did the Shanghai synchrotron open? | How much did it cost? | How much did the Shanghai synchrotron cost?
When did the Shanghai synchrotron open? | And what is its circumference? |
    What is the Shanghai synchrotron's circumference?
When was SMIC put on the Entity List? | What does that mean for its plants? | What does that mean for SMIC's plants?
When did Shanghai's free trade zone open? | How large is it now? | How large is Shanghai's free trade zone now?
How many qubits does Zuchongzhi 3.0 have? | who made it? | Who made Zuchongzhi 3.0?
How long is the China Quantum Communication Network? | which cities does it link? |
    Which cities does the China Quantum Communication Network link?
How accurate is the AI prosecutor in Pudong? | Since when has it been in use? |
    Since when has the AI prosecutor in Pudong been in use?
How accurate is the AI prosecutor in Pudong? | which crimes can it recognise? |
    Which crimes can the AI prosecutor in Pudong recognise?
What is the 206 system? | which courts use it? | Which courts use the 206 system?
How much did United Imaging raise in its listing? | Where is it listed? | Where is United Imaging listed?
How much did United Imaging raise in its listing? | Who is its chairman? | Who is United Imaging's chairman?
How many vehicles did SAIC Motor sell in 2025? | and how many of those were electric? |
    How many of the vehicles that SAIC Motor sold in 2025 were electric?
Who founded IM Motors? | Which companies stand behind it? | Which companies stand behind IM Motors?
How many people were in the leaked police database? | when did it leak? | When did the leaked police database leak?
How large was the leak of the Shanghai police database? | Who found it? |
    Who found the leak of the Shanghai police database?
How many employees did miHoYo have in 2021? | What games does it make? | What games does miHoYo make?
What was Trip.com's revenue in 2025? | Why is it being investigated? | Why is Trip.com being investigated?
What was Trip.com's revenue in 2025? | did it rise? | Did Trip.com's revenue rise?
How much was StepFun's B+ round? | who led it? | Who led StepFun's B+ round?
How much computing power does SenseTime's AIDC in Lingang have? | What did it cost? |
    What did SenseTime's AIDC in Lingang cost?
How much computing power does SenseTime's AIDC in Lingang have? | when did it open? |
    When did SenseTime's AIDC in Lingang open?
How large is Zhangjiang Science City? | How many people work there? | How many people work in Zhangjiang Science City?
How large is Zhangjiang Science City? | how many people live in it? | How many people live in Zhangjiang Science City?
What was WuXi AppTec's revenue in 2024? | What share of it came from the US? |
    What share of WuXi AppTec's revenue came from the US?
When was toripalimab approved in the United States? | who makes it? | Who makes toripalimab?
When was toripalimab approved in the United States? | And what does it cost there? |
    What does toripalimab cost in the United States?
When did Fosun Kite's CAR-T therapy get approval? | How much does it cost? |
    How much does Fosun Kite's CAR-T therapy cost?
When was Zhangjiang Lab unveiled? | who was its first director? | Who was Zhangjiang Lab's first director?
What did Yang Xiaojing say about the Lianqiu Lake campus? | who is she? | Who is Yang Xiaojing?
What did Yang Xiaojing say about the Lianqiu Lake campus? | how big is it? | How big is the Lianqiu Lake campus?
which firm bought eleme? | how much did they pay? | How much did the firm that bought eleme pay?
who founded stepfun? | where is it based? | Where is stepfun based?
Tell me about the Lingang undersea data centre | Who built it? | Who built the Lingang undersea data centre?
What is the Oriental IC Harbor? | what companies are located there? |
    What companies are located at the Oriental IC Harbor?
What was SMIC's revenue in 2024? | Did it make a profit? | Did SMIC make a profit?
When did the National Innovation Center for humanoid robots open its training ground? | how many robots train there? |
    How many robots train at the National Innovation Center for humanoid robots?
Where is the Kylin training ground? | How large is it? | How large is the Kylin training ground?
Where is the Kylin training ground? | How many robots can it take? | How many robots can the Kylin training ground take?
Has Shanghai a law on AI? | When did it come into force? | When did Shanghai's law on AI come into force?
When did Shanghai pass its AI regulations? | what do they say about ethics? |
    What do Shanghai's AI regulations say about ethics?
What is the name of Shanghai's AI regulation centre? | who heads it? | Who heads Shanghai's AI regulation centre?
Who heads the Shanghai AI Laboratory? | How old is she? | How old is the person who heads the Shanghai AI Laboratory?
How many incubators did Xuhui plan by 2025? | did it reach that? | Did Xuhui reach that?
What is the STAR Market? | and how many firms trade on it? | How many firms trade on the STAR Market?
How many satellites does Qianfan have in orbit? | who launches them? |
    Who launches the satellites that Qianfan has in orbit?
How many Qianfan satellites are in orbit? | who makes them? | Who makes the Qianfan satellites that are in orbit?
How many Qianfan satellites are in orbit? | Which rocket carried them? |
    Which rocket carried the Qianfan satellites that are in orbit?
Where is the Comac plant? | how many people does it employ? | How many people does the Comac plant employ?
When was Tesla's megafactory opened? | What does it produce? | What does Tesla's megafactory produce?
How many robotaxis run in Pudong? | who operates them? | Who operates the robotaxis that run in Pudong?
How high is the hukou score? | how do I get it? | How do I get the hukou score?
Which rules did the US change in October 2022? | why did it do that? | Why did the US do that?
When was Lingang Special Area set up? | what tax do firms there pay? | What tax do firms in Lingang Special Area pay?
How large is the Lingang Special Area? | Is it larger than Pudong? | Is the Lingang Special Area larger than Pudong?
How many visits did WAIC 2025 receive? | how many companies took part in it? |
    How many companies took part in WAIC 2025?
What is the Model Speed Space? | Who pays for it and how many startups are in it? |
    Who pays for the Model Speed Space and how many startups are in the Model Speed Space?
What is the Model Speed Space? | Hello, how large is it? | How large is the Model Speed Space?
What is the Model Speed Space? | Sorry, where is it? | Where is the Model Speed Space?
What is the Model Speed Space? | Could you tell me where it is? | Could you tell me where the Model Speed Space is?
What is the Model Speed Space? | are there any startups in it? | Are there any startups in the Model Speed Space?
Where does AgiBot sit? | Does it make robots? | Does AgiBot make robots?
Where does AgiBot sit? | how much money has it raised so far? | How much money has AgiBot raised so far?
Where does AgiBot sit? | Was it founded in 2023? | Was AgiBot founded in 2023?
Where is ShanghaiTech? | How many students study there? | How many students study at ShanghaiTech?
Where is ShanghaiTech? | What are its best departments? | What are ShanghaiTech's best departments?
When did SenseTime list? | Did it make a loss in 2023? | Did SenseTime make a loss in 2023?
What was SenseTime's loss in 2023? | What caused it? | What caused SenseTime's loss?
When did Iluvatar list in Hong Kong? | At which price did its shares close? |
    At which price did Iluvatar's shares close?
Who can apply for the Pujiang programme? | how much money do they get? |
    How much money do the people who can apply for the Pujiang programme get?
Where is Huawei's Lianqiu Lake campus? | Who founded that company? | Who founded Huawei?
How large was Shanghai's GDP in 2023? | how fast did it grow? | How fast did Shanghai's GDP grow?
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(PRONOUNS))
def test_a_pronoun_is_put_as_what_the_question_before_was_about(before: list[Turn], text: str, read: str) -> None:
    assert read_as(text, before) == read


ANSWERS = """
Who founded miHoYo? | > Cai Haoyu (蔡浩宇), Liu Wei (刘伟) and Luo Yuhao (罗宇皓) are the founders of miHoYo. |
    tell me more about the second one | Tell me more about Liu Wei
Which company built the plant? | > HiCloud built it | who owns it? | Who owns the plant?
Which company built the undersea data centre? | > HiCloud built the undersea data centre. |
    Where is that company based? | Where is HiCloud based?
Who founded StepFun? | > Jiang Daxin founded StepFun in 2023. | where did he work before? |
    Where did Jiang Daxin work before?
Who founded SMIC? | > Richard Chang founded SMIC in 2000. | Why? | Why did Zhang Rujing found SMIC?
Who is the chairman of SMIC? | > Liu Xunfeng was made chairman of SMIC in July 2023. | Since when? |
    Since when is Liu Xunfeng the chairman of SMIC?
Who founded miHoYo? | > Cai Haoyu (蔡浩宇), Liu Wei (刘伟) and Luo Yuhao (罗宇皓) are the founders of miHoYo. |
    Where did they study? | Where did Cai Haoyu, Liu Wei and Luo Yuhao study?
What was SMIC's revenue? | > SMIC had revenue of US$8.03 billion in 2024. | and the year before? |
    What was SMIC's revenue in 2023?
Who founded Fudan University? | > Ma Xiangbo (马相伯) founded Fudan University in 1905. | When was he born? |
    When was Ma Xiangbo born?
Who was chief technology officer of AgiBot in 2023? |
    > Peng Zhihui (彭志辉), known online as Zhi Hui Jun (稚晖君), was chief technology officer of AgiBot in 2023. |
    Where did he come from? | Where did Peng Zhihui come from?
Which company made the first humanoid robot of Shanghai? | > Fourier made it. | is it listed? |
    Is the first humanoid robot of Shanghai listed?
Which company built the data centre? |
    > Shanghai Hicloud Technology (海兰云) built the Lingang undersea data centre, Xinhua says. |
    where is that company based? | Where is Shanghai Hicloud Technology based?
Which company built the data centre? | > According to Xinhua, Shanghai Hicloud Technology built it. |
    What else did they build? | What else did Shanghai Hicloud Technology build?
Who is the chairman of SMIC? | > Liu Xunfeng has been chairman of SMIC since July 2023. | What did he do before? |
    What did Liu Xunfeng do before?
Who is the mayor of Shanghai? | > Gong Zheng (龚正) is the mayor of Shanghai. | When was he elected? |
    When was Gong Zheng elected?
Which university did the founders of miHoYo attend? |
    > The founders of miHoYo studied at Shanghai Jiao Tong University. | When did they graduate? |
    When did the founders of miHoYo graduate?
Who said that power use falls 22.8%? | > Su Yang of Shanghai Hicloud Technology said so in October 2025. | who is he? |
    Who is Su Yang?
Who leads the Shanghai AI Laboratory? | > Zhou Bowen leads it. | and who led it before him? |
    Who led the Shanghai AI Laboratory before Zhou Bowen?
What are the three leading industries of Shanghai? |
    > The three leading industries are integrated circuits, biomedicine and artificial intelligence. |
    Tell me more about the second one | Tell me more about biomedicine
What are the three leading industries of Shanghai? |
    > The three leading industries are integrated circuits, biomedicine and artificial intelligence. |
    how large is the last one? | How large is artificial intelligence?
What happened to SenseTime's listing? | > SenseTime put off its listing after the US Treasury put it on a list. | why? |
    Why did that happen to SenseTime's listing?
What happened to SenseTime's listing? | > SenseTime put off its listing after the US Treasury put it on a list. |
    when did it list? | When did SenseTime list?
Which courts use the 206 system? | > The Shanghai No. 2 Intermediate People's Court used the 206 System. | why? |
    Why do these courts use the 206 system?
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(ANSWERS))
def test_who_is_meant_may_stand_in_the_answer(before: list[Turn], text: str, read: str) -> None:
    assert read_as(text, before) == read


FRAGMENTS = """
What was SMIC's revenue in 2024? | What about Hua Hong? | What was Hua Hong's revenue in 2024?
What was SMIC's revenue in 2024? | and in 2023? | What was SMIC's revenue in 2023?
How many unicorns does Shanghai have? | And Pudong? | How many unicorns does Pudong have?
How many vehicles did Tesla's Shanghai plant deliver in 2025? | and the year before? |
    How many vehicles did Tesla's Shanghai plant deliver in 2024?
How many vehicles did Tesla's Shanghai plant deliver in 2025? | three years earlier |
    How many vehicles did Tesla's Shanghai plant deliver in 2022?
What was SMIC's revenue in 2024? | its chairman? | Who is SMIC's chairman?
Who is the chairman of SMIC? | and its revenue? | What is SMIC's revenue?
How large was Shanghai's GDP in 2024? | the same for Beijing | How large was Beijing's GDP in 2024?
What was SMIC's revenue in 2024? | and net profit? | What was SMIC's net profit in 2024?
When was toripalimab approved? | and in the US? | When was toripalimab approved in the US?
When was toripalimab approved in China? | and in the US? | When was toripalimab approved in the US?
What was SMIC's revenue in 2024? | And in euros? | What was SMIC's revenue in euros in 2024?
Who founded SMIC? | Thanks! And who owns it? | Who owns SMIC?
Who founded SMIC? | ok, and Hua Hong? | Who founded Hua Hong?
How many vehicles did NIO deliver in the third quarter of 2025? | and in the fourth quarter? |
    How many vehicles did NIO deliver in the fourth quarter of 2025?
How many vehicles did NIO deliver in 2025? | And in the first quarter? |
    How many vehicles did NIO deliver in the first quarter of 2025?
How many vehicles did NIO deliver in the third quarter of 2025? | and in 2024? |
    How many vehicles did NIO deliver in the third quarter of 2024?
How many visits did WAIC 2025 receive? | and in 2024? | How many visits did WAIC 2024 receive?
How much did Alibaba pay for Ele.me? | And for Lazada? | How much did Alibaba pay for Lazada?
How many vehicles did Tesla's Shanghai plant deliver in 2025? | And SAIC? | How many vehicles did SAIC deliver in 2025?
How deep is Lingang's undersea data centre? | What about Hainan's? | How deep is Hainan's undersea data centre?
When was the Lingang undersea data centre completed? | And the second phase? |
    When was the second phase of the Lingang undersea data centre completed?
Who is the chairman of SMIC? | And the CEO? | Who is the CEO of SMIC?
How much revenue did SMIC make in 2024? | and profit? | How much profit did SMIC make in 2024?
How many cars did SAIC sell in 2025? | And trucks? | How many trucks did SAIC sell in 2025?
How many people work at SMIC? | And women? | How many women work at SMIC?
How large was Shanghai's biopharmaceutical industry in 2023? | And AI? | How large was Shanghai's AI industry in 2023?
How much can Fourier's GR-1 carry? | and Kepler's robot? | How much can Kepler's robot carry?
How large is the Shanghai Future Industry Fund? | its manager? | Who is the Shanghai Future Industry Fund's manager?
How many Shanghai companies are on the STAR Market? | And from Beijing? |
    How many Beijing companies are on the STAR Market?
When was SMIC put on the Entity List? | And Biren? | When was Biren put on the Entity List?
When did Shanghai's free trade zone open? | And Lingang's? | When did Lingang's free trade zone open?
What tax rate do companies in Lingang pay? | And elsewhere in China? |
    What tax rate do companies in Lingang pay elsewhere in China?
How many photons does Jiuzhang 4.0 detect? | And Jiuzhang 3.0? | How many photons does Jiuzhang 3.0 detect?
How many qubits does Zuchongzhi 3.0 have? | And Tianyan-504? | How many qubits does Tianyan-504 have?
How many employees did miHoYo have in 2021? | And its revenue? | What was miHoYo's revenue in 2021?
How many monthly users does Bilibili have? | and Xiaohongshu? | How many monthly users does Xiaohongshu have?
What was Trip.com's revenue in 2025? | and the previous year? | What was Trip.com's revenue in 2024?
What was PDD's revenue in the second quarter of 2024? | and in the third? |
    What was PDD's revenue in the third quarter of 2024?
What was PDD's revenue in the second quarter of 2024? | And its net income? |
    What was PDD's net income in the second quarter of 2024?
What is Xiaohongshu worth? | And miHoYo? | What is miHoYo worth?
What is Xiaohongshu's valuation? | And in yuan? | What is Xiaohongshu's valuation in yuan?
How large is Shanghai's intelligent computing capacity? | and in 2023? |
    How large is Shanghai's intelligent computing capacity in 2023?
Where does Startup Genome rank Shanghai in 2025? | and in 2024? | Where does Startup Genome rank Shanghai in 2024?
Where does Startup Genome rank Shanghai in 2025? | And Beijing? | Where does Startup Genome rank Beijing in 2025?
What was the average monthly salary offered in Shanghai in the second quarter of 2022? | And in Beijing? |
    What was the average monthly salary offered in Beijing in the second quarter of 2022?
How large is Zhangjiang Science City? | And West Bund? | How large is West Bund?
how many people work at smic? | and at hua hong? | How many people work at hua hong?
what was smic's revenue in 2024? | and hua hong's? | What was hua hong's revenue in 2024?
What was SMIC's revenue in 2024? | What about its gross margin in 2023? | What was SMIC's gross margin in 2023?
What was SMIC's revenue in 2024? | How about Hua Hong in 2022? | What was Hua Hong's revenue in 2022?
What was SMIC's revenue in 2024? | Revenue in 2023? | What was SMIC's revenue in 2023?
In 2024, how many cars did SAIC sell? | And BYD? | In 2024, how many cars did BYD sell?
In 2024, how many cars did SAIC sell? | And in 2023? | In 2023, how many cars did SAIC sell?
How many regional headquarters of multinational companies does Shanghai have? | And R&D centres? |
    How many R&D centres does Shanghai have?
How many regional headquarters of multinational companies does Shanghai have? | what about Pudong alone? |
    How many regional headquarters of multinational companies does Pudong have?
Is SMIC larger than Hua Hong? | And UMC? | Is UMC larger than Hua Hong?
How much money did firms raise on the STAR Market in 2020? | and last year? |
    How much money did firms raise on the STAR Market last year?
How much money did firms raise on the STAR Market in 2020? | And today? |
    How much money did firms raise on the STAR Market today?
How much money did firms raise on the STAR Market in 2020? | And in Hong Kong? |
    How much money did firms raise on the STAR Market in Hong Kong in 2020?
Who founded IM Motors? | SAIC? | Who founded SAIC?
When did the C919 fly first? | And the C929? | When did the C929 fly first?
How many satellites does Qianfan have in orbit? | and the target for 2030? | What is Qianfan's target for 2030?
Where is the Comac plant? | its capacity? | What is the Comac plant's capacity?
When was Tesla's megafactory opened? | And its capacity in 2025? | What is Tesla's megafactory's capacity in 2025?
How many robotaxis run in Pudong? | and in Lingang? | How many robotaxis run in Lingang?
How much of its GDP does Shanghai spend on research and development? | And Beijing? |
    How much of its GDP does Beijing spend on research and development?
How many visits did WAIC 2025 receive? | And exhibitors? | How many exhibitors did WAIC 2025 receive?
How many visits did WAIC 2025 receive? | And the one before? | How many visits did WAIC 2024 receive?
What is the Model Speed Space? | And its floor area? | What is the Model Speed Space's floor area?
How many patents does Shanghai hold? | per 10,000 residents? | How many patents does Shanghai hold per 10,000 residents?
How many patents does Shanghai hold? | and trademarks? | How many trademarks does Shanghai hold?
When did SenseTime list? | and the loss in 2023? | What is SenseTime's loss in 2023?
What was SenseTime's loss in 2023? | and the first half of 2025? | What was SenseTime's loss in the first half of 2025?
What was SenseTime's loss in 2023? | How about the first half of 2024? |
    What was SenseTime's loss in the first half of 2024?
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(FRAGMENTS))
def test_a_fragment_takes_the_place_of_what_is_of_its_kind(before: list[Turn], text: str, read: str) -> None:
    assert read_as(text, before) == read


QUESTION_WORDS = """
Did TSMC stop making chips for Biren? | why? | Why did TSMC stop making chips for Biren?
TSMC suspended production for Biren | Why? | Why did TSMC suspend production for Biren?
When did Ant delay its listing? | why is that? | Why did Ant delay its listing?
How many people work at SMIC? | Since when? | Since when do so many people work at SMIC?
Did SMIC's revenue grow in 2024? | how much? | How much did SMIC's revenue grow in 2024?
When did MetaX list on the STAR Market? | Why? | Why did MetaX list on the STAR Market?
How large is Shanghai's AI industry? | And by 2030? | How large is Shanghai's AI industry by 2030?
How many people work at SMIC? | Who leads the team? | Who leads the team of SMIC?
What was SMIC's revenue in 2024? | How many employees? | How many employees does SMIC have?
How many unicorns does Shanghai have? | Which ones? | Which unicorns does Shanghai have?
Which five future industries did Shanghai choose in 2022? | How many? |
    How many future industries did Shanghai choose in 2022?
When was MiniMax founded? | Where? | Where was MiniMax founded?
When was MiniMax founded? | By whom? | By whom was MiniMax founded?
When was MiniMax founded? | And who? | By whom was MiniMax founded?
Who founded SMIC? | When? | When was SMIC founded?
How large is Shanghai's AI industry? | Why? | Why is Shanghai's AI industry so large?
What was SMIC's revenue in 2024? | Why? | Why was that SMIC's revenue in 2024?
How many vehicles did Tesla's Shanghai plant deliver in 2025? | Why? |
    Why did Tesla's Shanghai plant deliver so many vehicles in 2025?
How many startups are in Quantum Valley? | How come? | Why are so many startups in Quantum Valley?
When was SMIC founded? | in which city? | In which city was SMIC founded?
When was Zhangjiang Lab unveiled? | Which year? | Which year was Zhangjiang Lab unveiled?
How tall is the humanoid robot Qinglong? | how heavy? | How heavy is the humanoid robot Qinglong?
How many C919 jets did Comac deliver in 2025? | And how many in 2024? | How many C919 jets did Comac deliver in 2024?
How many C919 jets did Comac deliver in 2025? | what was the target? | What was the target of Comac?
How many C919 jets did Comac deliver in 2025? | Why so few? | Why did Comac deliver so many C919 jets in 2025?
Which universities' graduates get direct access to Shanghai hukou? | Since when? |
    Since when do these universities' graduates get direct access to Shanghai hukou?
Who founded Fudan University? | When was that? | When was Fudan University founded?
How much did Alibaba pay for Ele.me? | When was that? | When did Alibaba pay for Ele.me?
How much did Alibaba pay for Ele.me? | In which year? | In which year did Alibaba pay for Ele.me?
When was SMIC put on the Entity List? | By whom? | By whom was SMIC put on the Entity List?
How many vehicles did SAIC Motor sell in 2025? | how many abroad? |
    How many vehicles did SAIC Motor sell abroad in 2025?
Which are the five new cities of Shanghai? | which is the largest? |
    Which is the largest of the five new cities of Shanghai?
Did SMIC make the Kirin 9030? | On which process? | On which process did SMIC make the Kirin 9030?
Did SMIC make the Kirin 9030? | How? | How did SMIC make the Kirin 9030?
Does SMEE make a 28nm scanner? | Since when? | Since when does SMEE make a 28nm scanner?
Is Unisoc listed? | Why not? | Why is Unisoc not listed?
Who owns Zhaoxin? | Since when? | Since when is Zhaoxin owned?
Can you tell me who founded Zhaoxin? | And when? | When was Zhaoxin founded?
I'd like to know when Zhaoxin was founded. | By whom? | By whom was Zhaoxin founded?
How many researchers work at the Shanghai AI Laboratory? | what is the budget? |
    What is the budget of the Shanghai AI Laboratory?
Is SMIC larger than Hua Hong? | Why? | Why is SMIC larger than Hua Hong?
Is Biren listed? | Where? | Where is Biren listed?
Is Biren listed? | When did that happen? | When is Biren listed?
Did Nvidia's A100 chips reach China in 2022? | Why not? | Why did Nvidia's A100 chips not reach China in 2022?
How many robotaxis run in Pudong? | since when? | Since when do so many robotaxis run in Pudong?
Which companies have robotaxi permits in Pudong? | How many? | How many companies have robotaxi permits in Pudong?
Who spoke at WAIC 2025? | Where was that? | Where was WAIC 2025?
Where is ShanghaiTech? | who is the president? | Who is the president of ShanghaiTech?
When did SenseTime list? | at what price? | At what price did SenseTime list?
When did SenseTime list? | On which exchange? | On which exchange did SenseTime list?
What did Biren raise in its listing? | Who were the investors? | Who were the investors of Biren?
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(QUESTION_WORDS))
def test_a_question_word_asks_the_question_before_anew(before: list[Turn], text: str, read: str) -> None:
    assert read_as(text, before) == read


MORE = """
How large was Shanghai's GDP in 2024? | compare that with Shenzhen |
    How large was Shanghai's GDP in 2024 compared with Shenzhen?
What does SMIC make? | what else? | What else does SMIC make?
Which cities belong to the G60 corridor? | what else? | Which other cities belong to the G60 corridor?
When was Lingang's undersea data centre completed? | How much did the data centre cost? |
    How much did Lingang's undersea data centre cost?
When was SMIC founded? | Tell me more | Tell me more about SMIC
How many qubits does Zuchongzhi 3.0 have? | how does that compare with Google's Willow? |
    How many qubits does Zuchongzhi 3.0 have compared with Google's Willow?
How many unicorns does Shanghai have? | how many are in AI? | How many of the unicorns that Shanghai has are in AI?
How many unicorns does Shanghai have? | Which is the most valuable? |
    Which is the most valuable of the unicorns that Shanghai has?
How long may tenants stay in Lingang's talent apartments? | how much is the rent? |
    How much is the rent of Lingang's talent apartments?
Who heads the Shanghai AI Laboratory? | How many researchers does the lab have? |
    How many researchers does the Shanghai AI Laboratory have?
Which is larger, SMIC or Hua Hong? | What is the revenue of the latter? | What is the revenue of Hua Hong?
How large is the Lingang Special Area? | how large is it compared with Pudong? |
    How large is the Lingang Special Area compared with Pudong?
What is the Model Speed Space? | Please tell me more about it. | Tell me more about the Model Speed Space
When did SenseTime list? | How large was the loss in 2023? | How large was the loss of SenseTime in 2023?
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(MORE))
def test_more_is_asked_of_what_the_question_before_was_about(before: list[Turn], text: str, read: str) -> None:
    assert read_as(text, before) == read


LONG = """
Who founded SMIC? | thanks | and Hua Hong? | Who founded Hua Hong?
When was SMIC founded? | And Hua Hong? | who owns it? | Who owns Hua Hong?
When was SMIC founded? | And Hua Hong? | thank you very much! | and UMC | When was UMC founded?
What was SMIC's revenue in 2024? | And in 2023? | and Hua Hong's? | What was Hua Hong's revenue in 2023?
How many people work at SMIC? | how many of them are women? | since when? |
    Since when are so many of the people who work at SMIC women?
How many people work at SMIC? | how many of them are women? | who founded it? | Who founded SMIC?
How many startups are in Quantum Valley? | How many of them are listed? | Why? |
    Why are so many of the startups that are in Quantum Valley listed?
How many unicorns does Shanghai have? | which is the most valuable? | how many are in AI? |
    How many of the unicorns that Shanghai has are in AI?
How long is the China Quantum Communication Network? | which cities does it link? | who runs it? |
    how many of them are in Anhui? |
    How many of the cities that the China Quantum Communication Network links are in Anhui?
Who can apply for the Pujiang programme? | how much money do they get? | until when? |
    Until when do the people who can apply for the Pujiang programme get the money?
Who founded StepFun? | where did he work before? | how much did it raise? | How much did StepFun raise?
Who founded miHoYo? | > Cai Haoyu (蔡浩宇), Liu Wei (刘伟) and Luo Yuhao (罗宇皓) are the founders of miHoYo. |
    where did they study? | what games does it make? | What games does miHoYo make?
Which cities belong to the G60 corridor? | who started it? | > The G60 Science Corridor began in Jiuting Town. | when? |
    When was the G60 corridor started?
Who is the chief technology officer of AgiBot? | > Peng Zhihui was chief technology officer of AgiBot in 2023. |
    how old was he? | when was the company founded? | When was AgiBot founded?
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(LONG))
def test_a_conversation_is_completed_turn_by_turn(before: list[Turn], text: str, read: str) -> None:
    assert read_as(text, before) == read


CHINESE = """
中芯国际2024年的收入是多少？ | 那华虹呢？ | 华虹2024年的收入是多少？
中芯国际2024年的收入是多少？ | 2023年呢？ | 中芯国际2023年的收入是多少？
中芯国际2024年的收入是多少？ | 谁创立了它？ | 谁创立了中芯国际？
中芯国际2024年的收入是多少？ | 净利润呢？ | 中芯国际2024年的净利润是多少？
中芯国际是哪一年成立的？ | 它的董事长是谁？ | 中芯国际的董事长是谁？
谁创立了米哈游？ | 它在哪里？ | 米哈游在哪里？
谁创立了米哈游？ | 那华为呢？ | 谁创立了华为？
台积电什么时候停止为壁仞生产芯片？ | 为什么？ | 台积电为什么停止为壁仞生产芯片？
中芯国际上市了吗？ | 为什么呢？ | 为什么中芯国际上市了？
上海有多少独角兽？ | 北京呢？ | 北京有多少独角兽？
临港海底数据中心有多深？ | 谁建造了它？ | 谁建造了临港海底数据中心？
MiniMax什么时候上市？ | 它的创始人是谁？ | MiniMax的创始人是谁？
Who founded SMIC? | 它在哪里？ | SMIC在哪里？
What was SMIC's revenue in 2024? | 那华虹呢？ | What was 华虹's revenue in 2024?
中芯国际是哪一年成立的？ | who founded it? | Who founded 中芯国际?
华为练秋湖园区有多大？ | 有多少人在那里工作？ | 有多少人在华为练秋湖园区工作？
上海数据交易所是什么时候成立的？ | 这家公司的总部在哪里？ | 上海数据交易所的总部在哪里？
"""


@pytest.mark.parametrize(("before", "text", "read"), conversations(CHINESE))
def test_chinese_and_mixed_conversations_are_completed_too(before: list[Turn], text: str, read: str) -> None:
    assert complete(text, before) == read


ALONE = """
Does SMIC say that it makes 3nm chips?
When did Biren list and what did it raise?
When did the C919 make its maiden flight?
How much of its GDP does Shanghai spend on research and development?
How many startups are there in Shanghai?
How long does it take to get Shanghai hukou?
And where does Hua Hong lie?
How many startups are in Quantum Valley?
When did Biren list, and what did it raise?
Which company has the most patents and where is it based?
Is it true that SMIC makes 3nm chips?
Is it possible to visit the Shanghai Synchrotron?
What does it take to get a Shanghai hukou?
How much does it cost to rent an apartment in Lingang?
What is the weather in Shanghai?
What is the population of Paris?
How many firms moved their headquarters to Shanghai in 2024?
When did Huawei complete its Lianqiu Lake campus?
Why did TSMC suspend production for Biren?
Which universities are in Shanghai?
Tell me about the STAR Market
SMIC revenue 2024
SMIC revenue 2024?
Hua Hong
quantum computing in Shanghai
Who is the mayor of Shanghai?
What happened to the Shanghai police database?
What are the three leading industries of Shanghai?
Are there any chip plants in Lingang?
Is there a law on AI in Shanghai?
How far is it from Lingang to Pudong airport?
What about the report's claim that SMIC has a 3nm fab?
Does the report say that SMIC has a 3nm fab?
Did Huawei say when it will open its campus?
How did Tesla's plant change after it opened?
If SMIC is sanctioned, how does it buy tools?
Since SMIC was sanctioned, how has its revenue grown?
Did SenseTime delay its listing because it was put on a blacklist?
How does Shanghai support its startups?
Which startups have listed their shares in Hong Kong?
What did Ren Zhengfei say about his staff?
How many hospitals in Shanghai use AI?
Compare SMIC with Hua Hong
What else does SMIC make?
What is the largest chip maker in Shanghai?
When was the largest fund of Shanghai set up?
What share of Shanghai's GDP comes from AI?
Who founded Biren and how much did it raise?
Where do the founders of miHoYo come from?
And what is the STAR Market?
Thanks. What is the STAR Market?
Which of the five new cities is the largest?
How many of Shanghai's unicorns are in AI?
Can foreigners buy the shares of MetaX?
What is AI?
How much was invested in AI in Shanghai in 2024?
Is Unisoc a state company?
Explain the Oriental IC Harbor
What do you know about WAIC?
How many people live in the city of Shanghai?
Who won the 2025 Nobel Prize in Physics?
What is the capital of France?
Give me an overview of quantum computing in Shanghai
What are the rules for robotaxis in Pudong?
When will the next WAIC be held?
How does the STAR Market differ from the ChiNext board?
Does it rain often in Shanghai?
Was it Huawei that built the campus in Qingpu?
What time is it in Shanghai?
How many chips can a plant of this size make?
Has the project in Lingang been finished?
Which companies signed the plan for Pudong?
What is the name of the company that built the Lingang data centre?
How many of the companies on the STAR Market are from Shanghai?
In Pudong, how many chip companies are there?
Do companies in Zhangjiang share their data?
When did the first patient in Shanghai get CAR-T therapy and did he recover?
yes
ok
no thanks
""".strip().splitlines()


@pytest.mark.parametrize("text", ALONE)
@pytest.mark.parametrize("before", ["What was SMIC's revenue in 2024?", "How many startups are in Quantum Valley?"])
def test_a_question_that_stands_by_itself_is_left_exactly_as_it_is(text: str, before: str) -> None:
    assert complete(text, turns(before, "> SMIC had revenue of US$8.03 billion in 2024.")) == text


@pytest.mark.parametrize("text", ALONE)
def test_a_question_that_stands_by_itself_leans_on_nothing(text: str) -> None:
    assert not leans(text)


@pytest.mark.parametrize(
    "text",
    ["Who founded it?", "Where is its plant?", "What does that company make?", "Why is that?", "who is he", "和它"],
)
def test_without_a_conversation_nothing_is_completed(text: str) -> None:
    assert complete(text, []) == text
    assert leans(text) or text == "和它"


@pytest.mark.parametrize(
    "text", ["Did Huawei buy it?", "Is Huawei its owner?", "In Pudong, who built it?", "Was it sold to SAIC?"]
)
def test_a_name_in_the_same_clause_is_not_what_a_pronoun_means(text: str) -> None:
    assert leans(text)


def test_the_last_twenty_questions_with_their_answers_count() -> None:
    forgotten, later = turns("Where is SMIC?", "> In Pudong."), turns("Is it raining?", "> No.")
    assert complete("Who owns it?", forgotten + 19 * later) == "Who owns SMIC?"
    assert complete("Who owns it?", forgotten + 20 * later) == "Who owns it?"


def test_a_long_conversation_stays_fast() -> None:
    talk = (
        turns("What was SMIC's revenue in 2024?", "> SMIC had revenue of US$8.03 billion in 2024.", "And in 2023?")
        * 2000
    )
    began = time.perf_counter()
    assert complete("And Hua Hong?", talk) == "What was Hua Hong's revenue in 2023?"
    assert time.perf_counter() - began < 1


def test_completed_questions_do_not_grow_from_turn_to_turn() -> None:
    talk = turns("What is the plan of its maker?", *["its its its it of its it"] * 50)
    assert len(complete("its its its it of its it", talk)) <= 1000


def test_a_part_of_a_question_is_completed_from_the_part_before() -> None:
    assert completed("how many for VeriSilicon?", "How many work for SMIC?") == "How many work for VeriSilicon?"
    assert completed("who owns Hua Hong?", "Where does SMIC sit?") == "Who owns Hua Hong?"


@pytest.mark.parametrize(
    ("before", "text", "read"),
    conversations(
        """
米哈游是哪一年成立的？ | 创始人是谁？ | 米哈游的创始人是谁?
米哈游是哪一年成立的？ | 有多少员工？ | 米哈游有多少员工?
米哈游是哪一年成立的？ | 公司什么时候上市的？ | 米哈游什么时候上市的?
米哈游是哪一年成立的？ | 是谁创立的？ | 米哈游是谁创立的?
How big is the Lingang plant of Tesla? | is it still on it? | Is the Lingang plant of Tesla still on it?
Who founded SMIC? | is it still on it? | Is SMIC still on it?
When was SMIC put on the Entity List? | is it still on it? | Is SMIC still on the Entity List?
Who made Zuchongzhi 3.0? | how does it compare with Willow? | How is Zuchongzhi 3.0 compared with Willow?
How deep is Lingang's data centre? | and the PUE? | What is Lingang's data centre's PUE?
When did Tesla open its Shanghai plant? | how many people work there? | How many people work at Tesla's Shanghai plant?
"""
    ),
)
def test_what_is_left_out_is_taken_from_the_question_before(before: list[Turn], text: str, read: str) -> None:
    assert complete(text, before).replace("？", "?") == read


def test_a_chinese_question_with_a_subject_of_its_own_stays() -> None:
    for text in (
        "公司法是什么？",
        "总部经济是什么？",
        "产值最高的是谁？",
        "谁创立了华虹？",
        "收入最高的芯片公司是哪家？",
        "上市的机器人公司有哪些？",
    ):
        assert complete(text, turns("米哈游是哪一年成立的？")) == text
